"""What befalls a drive and its discs, over the simulated burner: noticed, numbered, survived."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.drivers.xorriso.codec import burn_argv
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.errors import HalError
from hal.interfaces.optical_drive import DiscStatus
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.devices.drive.drive import GONE
from simulators.world.disc import Disc, Scratch
from simulators.world.world import World
from tests.conformance.optical_drive import chunks, image_bytes

SIZE = 4 << 20


class Bench:
    """The first drive with a blank disc in it."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.disc: Disc = next(iter(cabinet.world.state.discs.values()))
        cabinet.world.set_tray("d1", True)
        cabinet.world.move(self.disc, "d1")
        cabinet.refresh()

    def driver(self) -> XorrisoDrive:
        return XorrisoDrive(
            "d1",
            self.cabinet.device_path("d1"),
            self.cabinet.command_line("d1"),
            self.cabinet.block_device("d1"),
        )

    def cut_off(self, *, gone: bool) -> None:
        faults = self.cabinet.world.state.faults
        if gone:
            faults[f"{GONE}:d1"] = {}
        else:
            faults.pop(f"{GONE}:d1")
        self.cabinet.refresh()


def play(folder: Path, story: Callable[[Bench], Awaitable[None]]) -> None:
    async def whole() -> None:
        with Cabinet(World.create(folder, discs=1)) as cabinet:
            await story(Bench(cabinet))

    run_virtual(whole())


async def error_of(call: Awaitable[object]) -> HalError:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value


def test_a_write_error_is_told_with_the_state_of_the_disc(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.disc.write_error_sector = 1024
        drive = bench.driver()
        error = await error_of(drive.burn(chunks(image_bytes(SIZE)), SIZE))
        assert error.code == 3206
        assert "is now appendable, damaged" in error.detail
        assert (await error_of(drive.burn(chunks(image_bytes(SIZE)), SIZE))).code == 3204

    play(tmp_path, story)


def test_a_disc_that_the_laser_cannot_be_adjusted_to_is_told(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.disc.calibration_fails = True
        assert (await error_of(bench.driver().burn(chunks(image_bytes(SIZE)), SIZE))).code == 3207

    play(tmp_path, story)


def test_a_scratch_is_found_at_its_sector(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        drive = bench.driver()
        image = image_bytes(SIZE)
        await drive.burn(chunks(image), SIZE)
        bench.disc.scratches = [Scratch(700, 3)]
        reader = await drive.open_reader()
        error = await error_of(reader.read_at(0, SIZE))
        assert error.code == 3209
        assert f"offset {700 * 2048}:" in error.detail
        assert await reader.read_at(703 * 2048, 2048) == image[703 * 2048 : 704 * 2048]
        await reader.aclose()

    play(tmp_path, story)


def test_a_drive_without_its_cable_is_told_and_works_again_with_it(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        drive = bench.driver()
        bench.cut_off(gone=True)
        assert (await error_of(drive.disc())).code == 3201
        assert (await error_of(drive.open_tray())).code == 3201
        assert (await error_of(drive.open_reader())).code == 3201
        bench.cut_off(gone=False)
        assert (await drive.disc()).status is DiscStatus.BLANK

    play(tmp_path, story)


def test_a_burn_left_by_a_killed_firmware_is_waited_for(tmp_path: Path) -> None:
    """When a process dies its pipes end: the burner writes out what it has, and gives up."""

    async def story(bench: Bench) -> None:
        await bench.driver().disc()
        path = bench.cabinet.device_path("d1")
        orphan = await bench.cabinet.command_line("d1").start(*burn_argv(path, 64 << 20, None))
        await orphan.write(image_bytes(SIZE))
        await asyncio.sleep(1)
        drive = bench.driver()
        assert (await error_of(drive.disc())).code == 3202
        await orphan.close_stdin()
        await drive.wait_idle(600)
        disc = await drive.disc()
        assert disc.status is DiscStatus.APPENDABLE
        assert disc.damaged

    play(tmp_path, story)
