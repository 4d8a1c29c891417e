"""The drive's conformance suite over the real program xorriso with a ``stdio:`` pseudo-drive."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.drivers.xorriso.drive import XorrisoDrive
from hal.interfaces.optical_drive import OpticalDrive
from hal.transports.block_device import LocalBlockDevice
from hal.transports.command_line import LocalCommandLine
from tests.conformance.optical_drive import CHECKS, DriveRig, check_name

pytestmark = pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso is not installed")


class StdioRig:
    """A file is the disc. An empty one is blank."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.drive = self.restarted()
        assert isinstance(self.drive, OpticalDrive)

    async def put_blank(self) -> None:
        self._path.write_bytes(b"")

    def restarted(self) -> OpticalDrive:
        return XorrisoDrive(
            "d1",
            f"stdio:{self._path}",
            LocalCommandLine(["xorriso"]),
            LocalBlockDevice(self._path),
        )


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
async def test_drive_over_real_xorriso(
    check: Callable[[DriveRig], Awaitable[None]], tmp_path: Path
) -> None:
    await check(StdioRig(tmp_path / "disc"))
