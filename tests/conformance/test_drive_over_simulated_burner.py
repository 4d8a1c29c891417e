"""The drive's conformance suite over the simulated burner, in memory and in virtual time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.drivers.xorriso.drive import XorrisoDrive
from hal.interfaces.optical_drive import BurnProgress, OpticalDrive
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.world.disc import DiscState
from simulators.world.world import OUTSIDE, World
from tests.conformance.optical_drive import (
    CHECKS,
    DriveRig,
    check_name,
    chunks,
    image_bytes,
)


class SimulatedRig:
    """The first drive of a simulated cabinet; somebody opens its tray and lays discs on it."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self.drive: OpticalDrive = self.restarted()

    async def put_blank(self) -> None:
        world = self._cabinet.world
        if (old := world.disc_at("d1")) is not None:
            world.move(old, OUTSIDE)
        world.set_tray("d1", True)
        discs = world.state.discs.values()
        blank = next(d for d in discs if d.state is DiscState.BLANK and d.place.startswith("s"))
        world.move(blank, "d1")
        self._cabinet.refresh()

    def restarted(self) -> OpticalDrive:
        return XorrisoDrive(
            "d1",
            self._cabinet.device_path("d1"),
            self._cabinet.command_line("d1"),
            self._cabinet.block_device("d1"),
        )


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
def test_drive_in_memory_and_virtual_time(
    check: Callable[[DriveRig], Awaitable[None]], tmp_path: Path
) -> None:
    async def story() -> None:
        with Cabinet(World.create(tmp_path, discs=5)) as cabinet:
            await check(SimulatedRig(cabinet))
            assert all(disc.burns <= 1 for disc in cabinet.world.state.discs.values())

    run_virtual(story())


def test_a_burn_goes_at_the_speed_that_was_asked_for(tmp_path: Path) -> None:
    async def story() -> None:
        image = image_bytes(64 << 20)
        seconds = {}
        with Cabinet(World.create(tmp_path, discs=2)) as cabinet:
            rig = SimulatedRig(cabinet)
            for speed in (2.0, 4.0):
                await rig.put_blank()
                told: list[BurnProgress] = []
                result = await rig.drive.burn(
                    chunks(image), len(image), speed=speed, on_progress=told.append
                )
                seconds[speed] = result.seconds
                assert told[-2].speed_bytes_per_s == pytest.approx(speed * 4_495_625, rel=0.2)
            closing_s = cabinet.world.description.drives.close_session_s
        writing_s = {speed: total_s - closing_s for speed, total_s in seconds.items()}
        assert writing_s[2.0] == pytest.approx(2 * writing_s[4.0], rel=0.1)

    run_virtual(story())
