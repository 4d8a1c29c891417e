"""A picture by a child process: fresh, whole or not at all."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.camera import ProcessCamera
from hal.drivers.camera.codec import failure
from hal.errors import HalError
from hal.interfaces.disc_printer import Camera


async def code_of(camera: ProcessCamera, to: Path) -> int:
    with pytest.raises(HalError) as caught:
        await camera.take_frame(to)
    return caught.value.code


async def test_each_picture_is_what_the_camera_sees_now(tmp_path: Path) -> None:
    device, to = tmp_path / "camera.png", tmp_path / "frame.png"
    camera = ProcessCamera("camera", str(device))
    assert isinstance(camera, Camera)
    for grey in (40, 200):
        cv2.imwrite(str(device), np.full((120, 160), grey, dtype=np.uint8))
        await camera.take_frame(to)
        seen = cv2.imread(str(to), cv2.IMREAD_GRAYSCALE)
        assert seen is not None
        assert seen.shape == (120, 160)
        assert int(seen[60, 80]) == grey
    assert {path.name for path in to.parent.iterdir()} == {"camera.png", "frame.png"}


async def test_a_camera_that_is_not_there_leaves_the_old_picture(tmp_path: Path) -> None:
    to = tmp_path / "frame.png"
    to.write_bytes(b"old")
    assert await code_of(ProcessCamera("camera", str(tmp_path / "video9")), to) == 1050
    assert to.read_bytes() == b"old"


async def test_a_device_that_is_no_camera_has_a_number(tmp_path: Path) -> None:
    (tmp_path / "camera.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    camera = ProcessCamera("camera", str(tmp_path / "camera.png"))
    assert await code_of(camera, tmp_path / "frame.png") in (1050, 1051)


@pytest.mark.parametrize("code", ["import os; os.abort()", "import time; time.sleep(600)"])
async def test_a_child_that_crashes_or_hangs_has_a_number(code: str, tmp_path: Path) -> None:
    camera = ProcessCamera("c", "x", program=(sys.executable, "-c", code), limit_s=1.0)
    assert await code_of(camera, tmp_path / "frame.png") == 1052
    assert not (tmp_path / "frame.png").exists()


async def test_a_child_that_cannot_be_started_or_write_has_a_number(tmp_path: Path) -> None:
    missing = ProcessCamera("c", "x", program=("/nowhere/python",))
    assert await code_of(missing, tmp_path / "frame.png") == 1052
    assert await code_of(ProcessCamera("c", "x"), tmp_path / "no folder" / "frame.png") == 1052


@given(st.integers(-64, 255), st.text())
def test_any_exit_code_is_a_picture_or_a_number(exit_code: int, said: str) -> None:
    problem = failure("c", exit_code, said)
    assert (problem is None) == (exit_code == 0)
    assert problem is None or problem.code in (1050, 1051, 1052)
