"""Sensors, doors, fans, panels and tag readers over simulated wires in memory, in virtual time."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from simulators.clock import run_virtual
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
from tests.conformance.electronics_rig import MemoryWires, Wires

Rig = TypeVar("Rig")
CheckOf = Callable[[Rig], Awaitable[None]]


def name(check: object) -> str:
    return getattr(check, "__name__", str(check))


def told(world: World, make: Callable[[Wires], Rig], check: CheckOf[Rig]) -> None:
    async def story() -> None:
        rig = make(MemoryWires(world))
        await check(rig)
        if isinstance(rig, electronics.ModuleDoor):
            rig.lines.close()
        if isinstance(rig, electronics.Magazine):
            await rig.reader.aclose()

    run_virtual(story())


@pytest.fixture
def hybrid(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "world", "hybrid", discs=0)
    yield world
    world.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "world", "disc-cabinet", extent=Extent(units=1))
    yield world
    world.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "world", "pb-library", discs=3, extent=Extent(units=1))
    yield world
    world.close()


@pytest.mark.parametrize("check", bus_sensor.CHECKS, ids=name)
@pytest.mark.parametrize(
    "rig", [electronics.Climate, electronics.Dust, electronics.Watts], ids=name
)
def test_every_sensor(
    rig: Callable[[Wires], bus_sensor.SensorRig], check: bus_sensor.SensorCheck, hybrid: World
) -> None:
    told(hybrid, rig, check)


@pytest.mark.parametrize("check", bus_sensor.CHECKS_OF_LIFE, ids=name)
@pytest.mark.parametrize(
    "rig", [electronics.Climate, electronics.Dust, electronics.Watts], ids=name
)
def test_values_that_stand_still(
    rig: Callable[[Wires], bus_sensor.SensorRig], check: bus_sensor.SensorCheck, hybrid: World
) -> None:
    told(hybrid, rig, check)


@pytest.mark.parametrize("check", climate_sensor.CHECKS, ids=name)
def test_climate(check: climate_sensor.ClimateCheck, hybrid: World) -> None:
    told(hybrid, electronics.Climate, check)


@pytest.mark.parametrize("check", dust_sensor.CHECKS, ids=name)
def test_dust(check: dust_sensor.DustCheck, hybrid: World) -> None:
    told(hybrid, electronics.Dust, check)


@pytest.mark.parametrize("check", power_meter.CHECKS, ids=name)
def test_power(check: power_meter.PowerCheck, hybrid: World) -> None:
    told(hybrid, electronics.Watts, check)


@pytest.mark.parametrize("check", door.CHECKS, ids=name)
def test_door_on_the_computers_lines(check: door.DoorCheck, hybrid: World) -> None:
    told(hybrid, electronics.Door, check)


@pytest.mark.parametrize("check", door.CHECKS, ids=name)
def test_door_on_an_expander(check: door.DoorCheck, shelf: World) -> None:
    told(shelf, electronics.ModuleDoor, check)


DETECTORS = [electronics.SmokeDetector, electronics.WaterDetector, electronics.MainsMonitor]


@pytest.mark.parametrize("check", detector.CHECKS, ids=name)
@pytest.mark.parametrize("rig", DETECTORS, ids=name)
def test_detector(
    rig: Callable[[Wires], detector.DetectorRig], check: detector.DetectorCheck, hybrid: World
) -> None:
    told(hybrid, rig, check)


@pytest.mark.parametrize("check", fan.CHECKS, ids=name)
def test_fan(check: fan.FanCheck, hybrid: World) -> None:
    told(hybrid, electronics.Ventilator, check)


@pytest.mark.parametrize("check", slot_panel.CHECKS, ids=name)
def test_slot_panel(check: slot_panel.PanelCheck, shelf: World) -> None:
    told(shelf, electronics.Module, check)


@pytest.mark.parametrize("check", tag_reader.CHECKS, ids=name)
@pytest.mark.parametrize("rig", [electronics.Magazine, electronics.UhfMagazine], ids=name)
def test_tag_reader(
    rig: Callable[[Wires], tag_reader.ReaderRig], check: tag_reader.ReaderCheck, node: World
) -> None:
    told(node, rig, check)
