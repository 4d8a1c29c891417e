"""The drive's conformance suite over a simulated cabinet that is a process of its own.

The wires are the ones of a real machine: a serial port, a burner command, a device path. The robot
brings the discs. The cabinet's clock runs faster; the driver's is the machine's.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import rack_geometry
from hal.drivers.xorriso.codec import burn_argv
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.drivers.xorriso.program import DriveTiming
from hal.errors import HalError
from hal.interfaces.optical_drive import DiscStatus, OpticalDrive
from hal.transports.block_device import LocalBlockDevice
from hal.transports.command_line import LocalCommandLine
from hal.transports.serial_port import open_serial_port
from tests.conformance.optical_drive import CHECKS, DriveRig, check_name, image_bytes

SPEED = 100
SLOTS = 30


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A running cabinet's `wires.toml`."""
    folder = tmp_path_factory.mktemp("world")
    program = shutil.which("stele-sim", path=str(Path(sys.executable).parent))
    assert program is not None
    options = ["--world", str(folder), "--speed", str(SPEED), "--discs", str(SLOTS)]
    with subprocess.Popen([program, "cabinet", *options], stdout=subprocess.PIPE) as cabinet:
        assert cabinet.stdout is not None
        assert cabinet.stdout.readline() == b"ready\n"
        yield tomllib.loads((folder / "wires.toml").read_text("utf-8"))
        cabinet.terminate()


class ProcessRig:
    """The first drive, with the robot to change its discs."""

    fresh_slots = iter(range(1, SLOTS + 1))

    def __init__(self, wires: dict[str, Any]) -> None:
        self.device: str = wires["drives"][0]["device"]
        self.burner = LocalCommandLine(wires["drives"][0]["burner"])
        port = wires["changer"]["port"]
        self._slot = ""
        self.changer = TurntableChanger(
            GrblController(lambda: open_serial_port(port)), rack_geometry(("d1",))
        )
        self.drive: OpticalDrive = self.restarted()

    def restarted(self) -> XorrisoDrive:
        return XorrisoDrive(
            "d1",
            self.device,
            self.burner,
            LocalBlockDevice(self.device),
            timing=DriveTiming(busy_poll_s=0.1),
        )

    async def put_blank(self) -> None:
        await self.clear()
        self._slot = f"s{next(self.fresh_slots):03d}"
        await self.changer.load(self._slot, "d1")
        await self.drive.close_tray()

    async def clear(self) -> None:
        """Leave the drive empty, its tray open."""
        await self.drive.open_tray()
        if self._slot:
            await self.changer.unload("d1", self._slot)
            self._slot = ""


@pytest.fixture
async def rig(wires: dict[str, Any]) -> AsyncIterator[ProcessRig]:
    rig = ProcessRig(wires)
    yield rig
    await rig.clear()
    await rig.drive.close_tray()
    await rig.changer.aclose()


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
async def test_drive_over_cabinet_process(
    check: Callable[[DriveRig], Awaitable[None]], rig: ProcessRig
) -> None:
    await check(rig)


async def test_a_burner_whose_firmware_was_killed_ends_and_is_waited_for(rig: ProcessRig) -> None:
    await rig.put_blank()
    orphan = await rig.burner.start(*burn_argv(rig.device, 64 << 20, None))
    await orphan.write(image_bytes(8 << 20))
    drive = rig.restarted()
    with pytest.raises(HalError) as caught:
        await drive.wait_idle(0.3)
    assert caught.value.code == 3202
    await orphan.close_stdin()
    await drive.wait_idle(30)
    disc = await drive.disc()
    assert (disc.status, disc.damaged) == (DiscStatus.APPENDABLE, True)
    assert await orphan.wait() == 5
