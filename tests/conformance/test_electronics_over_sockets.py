"""The same, reached as by a real firmware: sockets for buses, gpiozero for lines, ptys for readers.

The cabinet lives in a thread with a loop of its own, whose clock runs faster.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from hal.errors import HalError
from simulators.world.description import Extent
from simulators.world.world import World
from tests.conformance import (
    bus_sensor,
    climate_sensor,
    detector,
    door,
    dust_sensor,
    electronics,
    fan,
    power_meter,
    slot_panel,
    tag_reader,
)
from tests.conformance.electronics_rig import ServedWires, Wires

Rig = TypeVar("Rig")


def name(check: object) -> str:
    return getattr(check, "__name__", str(check))


async def served(tmp_path: Path, profile: str, extent: Extent) -> AsyncIterator[ServedWires]:
    world = World.create(tmp_path / "world", profile, discs=3, extent=extent)
    wires = ServedWires(world.folder, world)
    yield wires
    await wires.hang_up()
    wires.close()
    world.close()


@pytest.fixture
async def hybrid(tmp_path: Path) -> AsyncIterator[ServedWires]:
    async for wires in served(tmp_path, "hybrid", Extent()):
        yield wires


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[ServedWires]:
    async for wires in served(tmp_path, "disc-cabinet", Extent(units=1)):
        yield wires


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[ServedWires]:
    async for wires in served(tmp_path, "pb-library", Extent(units=1)):
        yield wires


@pytest.mark.parametrize(
    ("rig", "check"),
    [
        *((electronics.Climate, check) for check in (*climate_sensor.CHECKS, *bus_sensor.CHECKS)),
        *((electronics.Dust, check) for check in dust_sensor.QUICK_CHECKS),
        *((electronics.Watts, check) for check in power_meter.QUICK_CHECKS),
    ],
    ids=name,
)
async def test_sensors_over_a_socket(
    rig: Callable[[Wires], Rig], check: Callable[[Rig], Awaitable[None]], hybrid: ServedWires
) -> None:
    await check(rig(hybrid))


@pytest.mark.parametrize("check", door.QUICK_CHECKS, ids=name)
async def test_door_over_gpiozero(check: door.DoorCheck, hybrid: ServedWires) -> None:
    await check(electronics.Door(hybrid))


@pytest.mark.parametrize("check", door.QUICK_CHECKS, ids=name)
async def test_door_on_an_expander_over_a_socket(check: door.DoorCheck, shelf: ServedWires) -> None:
    rig = electronics.ModuleDoor(shelf)
    await check(rig)
    rig.lines.close()


DETECTORS = [electronics.SmokeDetector, electronics.WaterDetector, electronics.MainsMonitor]


@pytest.mark.parametrize("check", detector.CHECKS, ids=name)
@pytest.mark.parametrize("rig", DETECTORS, ids=name)
async def test_detector_over_gpiozero(
    rig: Callable[[Wires], detector.DetectorRig],
    check: detector.DetectorCheck,
    hybrid: ServedWires,
) -> None:
    await check(rig(hybrid))


@pytest.mark.parametrize("check", fan.QUICK_CHECKS, ids=name)
async def test_fan_over_gpiozero(check: fan.FanCheck, hybrid: ServedWires) -> None:
    await check(electronics.Ventilator(hybrid))


@pytest.mark.parametrize("check", slot_panel.CHECKS, ids=name)
async def test_slot_panel_over_a_socket(check: slot_panel.PanelCheck, shelf: ServedWires) -> None:
    await check(electronics.Module(shelf))


@pytest.mark.parametrize("check", tag_reader.QUICK_CHECKS, ids=name)
@pytest.mark.parametrize("rig", [electronics.Magazine, electronics.UhfMagazine], ids=name)
async def test_tag_reader_over_a_pty(
    rig: Callable[[Wires], electronics.Magazine], check: tag_reader.ReaderCheck, node: ServedWires
) -> None:
    magazine = rig(node)
    await check(magazine)
    await magazine.reader.aclose()


async def test_a_cabinet_that_is_gone_is_an_error_of_every_part(hybrid: ServedWires) -> None:
    climate, front = electronics.Climate(hybrid), electronics.Door(hybrid)
    await climate.sensor.read()
    hybrid.power_off()
    with pytest.raises(HalError) as caught:
        await climate.sensor.read()
    assert caught.value.code == 1010
    await door.settled()
    with pytest.raises(HalError) as caught:
        front.contact.is_active()
    assert caught.value.code == 1020


async def test_a_door_is_told_in_the_loops_own_thread(hybrid: ServedWires) -> None:
    front = electronics.Door(hybrid)
    told: asyncio.Queue[int] = asyncio.Queue()
    front.contact.watch(lambda _: told.put_nowait(threading.get_ident()))
    await front.lock.ensure_unlocked()
    await front.open_door()
    async with asyncio.timeout(2):
        assert await told.get() == threading.get_ident()
