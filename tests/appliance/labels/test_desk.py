"""Labels in a child process: it draws and checks, and its failures have a number."""

import sys
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.labels import LabelDesk, LabelFields
from tests.appliance.labels.discs import photograph

FIELDS = LabelFields(code="stele:1", title="民事诉讼案卷")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def code_of(desk: LabelDesk, to: Path, fields: LabelFields = FIELDS) -> int:
    with pytest.raises(SteleError) as caught:
        await desk.draw(fields, to)
    return caught.value.code


async def test_a_label_is_drawn_and_found_again_on_the_disc(tmp_path: Path) -> None:
    desk, label = LabelDesk(), tmp_path / "label.png"
    await desk.draw(FIELDS, label)
    frame = photograph(label, tmp_path / "frame.png")
    assert (await desk.check(frame, label, "stele:1")).code == "stele:1"
    with pytest.raises(SteleError) as caught:
        await desk.check(frame, label, "stele:2")
    assert caught.value.code == 3272
    assert names_in(tmp_path) == ["frame.png", "label.png"]


async def test_numbers_come_through_from_the_child(tmp_path: Path) -> None:
    label = tmp_path / "label.png"
    assert await code_of(LabelDesk(), label, LabelFields(code="x", date="d" * 400)) == 3266
    assert await code_of(LabelDesk(font="/nowhere.ttf"), label) == 3268
    assert await code_of(LabelDesk(), tmp_path / "no folder" / "label.png") == 3279
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "code",
    [
        "",
        "print('hello')",
        "print('{\"finding\":', end='')",
        "print('{\"surprise\": 1}')",
        "import os; os.abort()",
        "import sys; sys.exit(3)",
    ],
)
async def test_a_child_that_fails_is_told(code: str, tmp_path: Path) -> None:
    desk = LabelDesk(program=(sys.executable, "-c", code))
    assert await code_of(desk, tmp_path / "label.png") == 3279
    assert names_in(tmp_path) == []


async def test_a_child_that_hangs_is_ended(tmp_path: Path) -> None:
    desk = LabelDesk(program=(sys.executable, "-c", "import time; time.sleep(600)"), limit_s=0.5)
    assert await code_of(desk, tmp_path / "label.png") == 3279


async def test_a_child_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    assert await code_of(LabelDesk(program=("/nowhere/python",)), tmp_path / "label.png") == 3279


def test_the_firmware_has_no_part_of_opencv_in_its_memory() -> None:
    import subprocess

    code = (
        "import sys, appliance.labels, hal.drivers.camera;"
        "sys.exit(bool({'cv2', 'PIL', 'numpy', 'segno'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
