"""The tape unit's conformance suite over simulated mtx, mt and dd, in virtual time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.drivers.tape import MtTapeDrive, MtxChanger
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.world.state import Extent
from simulators.world.world import World
from tests.conformance.tape_unit import CHECKS, TapeRig, chunks, code_of, content, read_all


class SimulatedRig:
    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self.world = cabinet.world
        self.changer, self.drive = self.restarted()

    def restarted(self) -> tuple[MtxChanger, MtTapeDrive]:
        commands, dev = self._cabinet.commands, self.world.folder / "dev"
        changer = MtxChanger(str(dev / "changer"), commands("mtx"), ("td1", "td2"), 24)
        drive = MtTapeDrive("td1", str(dev / "td1"), commands("mt"), commands("dd"), commands("dd"))
        return changer, drive


Story = Callable[[SimulatedRig], Awaitable[None]]


def run_over_cabinet(folder: Path, story: Story) -> None:
    async def live() -> None:
        with Cabinet(World.create(folder, "hybrid", extent=Extent(tapes=3))) as cabinet:
            await story(SimulatedRig(cabinet))

    run_virtual(live())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_tape_unit_over_commands(
    check: Callable[[TapeRig], Awaitable[None]], tmp_path: Path
) -> None:
    run_over_cabinet(tmp_path, check)


def test_a_write_protected_cartridge_is_not_written(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        for tape in rig.world.state.tapes.values():
            tape.write_protected = True
        await rig.changer.load("t01", "td1")
        await rig.drive.rewind()
        assert (await rig.drive.status()).write_protected
        assert await code_of(rig.drive.append(chunks(b"data"))) == 3251

    run_over_cabinet(tmp_path, story)


def test_a_full_cartridge_is_told(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        for tape in rig.world.state.tapes.values():
            tape.capacity_bytes = 2_000_000
        await rig.changer.load("t01", "td1")
        assert await rig.drive.append(chunks(content(500_000, 1))) == 0
        assert await code_of(rig.drive.append(chunks(content(3_000_000, 2)))) == 3253

    run_over_cabinet(tmp_path, story)


def test_a_blank_cartridge_is_told_from_one_that_cannot_be_read(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.changer.load("t01", "td1")
        await rig.drive.rewind()
        assert await code_of(read_all(rig.drive, 0)) == 3254
        await rig.drive.append(chunks(content(1000, 1)))
        assert (await read_all(rig.drive, 0))[:1000] == content(1000, 1)

    run_over_cabinet(tmp_path, story)
