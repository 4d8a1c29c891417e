"""What an inventory reads on a disc: whichever code is there, however the disc lies."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.contract.errors import SteleError
from appliance.labels import LabelDesk
from appliance.labels.drawing import draw_label
from appliance.labels.fields import LabelFields
from appliance.labels.fonts import find_font
from appliance.labels.reading import read_label
from appliance.labels.template import load_template
from tests.appliance.labels.discs import photograph

CODE = "0198f0a2-7c1e-7bb2-9d6c-8b0e7a4c1d22"


@pytest.fixture(scope="module")
def label(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("label") / "label.png"
    fields = LabelFields(code=CODE, title="民事诉讼案卷")
    path.write_bytes(draw_label(load_template("archive"), fields, find_font()))
    return path


def code_of(frame: Path, label: str) -> int:
    with pytest.raises(SteleError) as caught:
        read_label(str(frame), label, CODE)
    return caught.value.code


@pytest.mark.parametrize(
    "scene",
    [{}, {"turned_deg": 180}, {"turned_deg": 33}, {"width": 640, "height": 480, "diameter": 430}],
    ids=str,
)
def test_a_code_is_read_however_the_disc_lies(
    scene: dict[str, Any], label: Path, tmp_path: Path
) -> None:
    frame = photograph(label, tmp_path / "f.png", **scene)
    assert read_label(str(frame), "", "another") == CODE


@pytest.mark.parametrize("noise", [2.0, 12.0])
def test_a_bare_disc_has_no_label(noise: float, label: Path, tmp_path: Path) -> None:
    frame = photograph(label, tmp_path / "f.png", printed=False, noise=noise)
    assert code_of(frame, str(label)) == 3270


def test_a_smeared_label_is_told_as_such_when_it_is_known_how_it_was(
    label: Path, tmp_path: Path
) -> None:
    frame = photograph(label, tmp_path / "f.png", smear=(40, 1))
    assert code_of(frame, str(label)) == 3273
    assert code_of(frame, "") == 3271
    assert code_of(frame, "/nowhere/label.png") == 3271


def test_a_picture_that_shows_nothing_is_the_cameras_fault(label: Path, tmp_path: Path) -> None:
    frame = tmp_path / "f.png"
    cv2.imwrite(str(frame), np.zeros((960, 1280), np.uint8))
    assert code_of(frame, str(label)) == 3275
    assert code_of(photograph(label, frame, disc=False), str(label)) == 3276


async def test_the_child_process_reads_too(label: Path, tmp_path: Path) -> None:
    frame = photograph(label, tmp_path / "f.png")
    assert await LabelDesk().read(frame, tmp_path / "none.png", "x") == CODE
    with pytest.raises(SteleError) as caught:
        await LabelDesk().read(tmp_path / "none.png", label, CODE)
    assert caught.value.code == 3278
