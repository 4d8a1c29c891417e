"""A whole PB rack, 13 robots in one process: one falls silent, and the other twelve work on."""

import asyncio
import time
from pathlib import Path

import pytest

from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import (
    TurntableGeometry,
    drives_at_gate,
    slots_on_tiers,
)
from hal.errors import HalError
from hal.interfaces.changer import ChangerState
from hal.transports.interfaces import SerialLink
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.world.description import Extent
from simulators.world.world import World, read_state

GEOMETRY = TurntableGeometry(
    slots=slots_on_tiers(8, 50, first_lift_mm=20.0, tier_pitch_mm=150.0),
    drives=drives_at_gate(("d1", "d2", "d3", "d4"), first_lift_mm=40.0, pitch_mm=150.0),
)
SILENT = "n05"
LOADS = (("s001", "d1"), ("s400", "d4"), ("s200", "d2"))
LIMIT_S = 15.0


def connect(cabinet: Cabinet, unit: str) -> TurntableChanger:
    async def open_port() -> SerialLink:
        return cabinet.serial(unit)

    return TurntableChanger(GrblController(open_port), GEOMETRY)


async def work(cabinet: Cabinet, unit: str, changer: TurntableChanger) -> None:
    """Load three drives from both magazines and all heights, and bring one disc back."""
    await changer.ensure_ready()
    for slot, drive in LOADS:
        cabinet.world.set_tray(f"{unit}.{drive}", True)
        await changer.load(slot, drive)
    await changer.unload("d4", "s400")


def test_one_silent_robot_of_thirteen(tmp_path: Path) -> None:
    async def story() -> list[BaseException | None]:
        world = World.create(tmp_path, "pb-library", extent=Extent(units=13))
        with Cabinet(world) as cabinet:
            changers = {unit: connect(cabinet, unit) for unit in cabinet.robots}
            inject(cabinet, Fault("serial-silence", SILENT))
            jobs = [work(cabinet, unit, changer) for unit, changer in changers.items()]
            ends = await asyncio.gather(*jobs, return_exceptions=True)
            assert changers[SILENT].state is not ChangerState.IDLE
            inject(cabinet, Fault("serial-silence", SILENT, lift=True))
            cabinet.robots[SILENT].restart()
            await work(cabinet, SILENT, changers[SILENT])
            for changer in changers.values():
                await changer.aclose()
        return ends

    began_s = time.perf_counter()
    ends = run_virtual(story())
    took_s = time.perf_counter() - began_s
    failed = {f"n{number:02d}": end for number, end in enumerate(ends) if end is not None}
    assert set(failed) == {SILENT}
    assert isinstance(failed[SILENT], HalError)
    state = read_state(tmp_path)
    for number in range(13):
        unit, first = f"n{number:02d}", 400 * number
        place = {number: state.discs[f"BD{first + number:06d}"].place for number in (1, 200, 400)}
        assert place == {1: f"{unit}.d1", 200: f"{unit}.d2", 400: f"{unit}.s400"}
    assert took_s < LIMIT_S, "saving 5,200 discs must not slow 13 robots down"


@pytest.mark.parametrize("unit", ["n00", "n01"])
def test_a_jam_in_one_node_is_no_jam_in_the_other(tmp_path: Path, unit: str) -> None:
    async def story() -> None:
        world = World.create(tmp_path, "pb-library")
        with Cabinet(world) as cabinet:
            other = {"n00": "n01", "n01": "n00"}[unit]
            inject(cabinet, Fault("jam", unit))
            for name in (unit, other):
                cabinet.world.set_tray(f"{name}.d1", True)
            jammed, free = connect(cabinet, unit), connect(cabinet, other)
            with pytest.raises(HalError):
                await jammed.load("s001", "d1")
            await free.load("s001", "d1")
            assert world.disc_at(f"{other}.d1")
            assert world.disc_at(f"{unit}.s001")
            for changer in (jammed, free):
                await changer.aclose()

    run_virtual(story())
