"""Every profile over its simulated cabinet: the configuration that the cabinet writes is accepted,
all drivers are made from it, and each part answers by itself."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.building.hardware import build_hardware
from appliance.description import describe
from appliance.hardware import Hardware
from appliance.profiles.profile import Profile, load_profile, profile_names
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.world.description import Extent
from simulators.world.world import World
from tests.universe.wires import CabinetWires, config_of

PARTS = {
    "desktop": {"units": 1, "drives": 2, "slots": 100, "doors": 1, "climate": 1, "power": 1},
    "rack": {"units": 1, "drives": 4, "slots": 200, "bays": 8, "doors": 1, "climate": 1},
    "hybrid": {"drives": 4, "slots": 200, "bays": 32, "doors": 2, "climate": 2, "dust": 1},
    "disk-library": {"units": 0, "slots": 0, "bays": 32, "doors": 1, "fans": 1},
    "disc-cabinet": {"units": 1, "drives": 2, "slots": 1440, "doors": 2, "dust": 1, "fans": 1},
    "pb-library": {"units": 3, "drives": 12, "slots": 1200, "tag_readers": 6, "latches": 6},
}
CONTACTS = {
    "hybrid": {"smoke", "water", "mains-lost"},
    "disc-cabinet": {"smoke", "water"},
    "pb-library": {"smoke", "water", "mains-lost"},
}


def play(folder: Path, name: str, story: Callable[[Hardware, Profile], Awaitable[None]]) -> None:
    async def whole() -> None:
        units = {"pb-library": 3, "disc-cabinet": 2}.get(name)
        discs = None if name == "disk-library" else 3
        world = World.create(folder / "world", name, discs=discs, extent=Extent(units=units))
        with Cabinet(world) as cabinet:
            config, profile = config_of(cabinet, folder), load_profile(name)
            assert describe(config, profile)
            hardware = build_hardware(config, profile, CabinetWires(cabinet))
            try:
                await story(hardware, profile)
            finally:
                await hardware.aclose()

    run_virtual(whole())


def counts(hardware: Hardware) -> dict[str, int]:
    units = hardware.units.values()
    return {
        "units": len(hardware.units),
        "drives": sum(len(unit.drives) for unit in units),
        "slots": sum(len(unit.changer.slots) for unit in units),
        "doors": len(hardware.doors),
        **{
            part: len(getattr(hardware, part))
            for part in ("bays", "climate", "dust", "power", "fans", "tag_readers", "latches")
        },
    }


@pytest.mark.parametrize("name", profile_names())
def test_everything_that_a_cabinet_has_is_there_and_answers(name: str, tmp_path: Path) -> None:
    async def story(hardware: Hardware, profile: Profile) -> None:
        there = counts(hardware)
        assert {part: there[part] for part in PARTS[name]} == PARTS[name]
        for sensor in (*hardware.climate.values(), *hardware.dust.values()):
            assert await sensor.read()
        for meter in hardware.power.values():
            assert (await meter.read()).power_w > 0
        for bay in hardware.bays.values():
            assert isinstance(await bay.is_present(), bool)
        contacts = {n: contact for n, contact in hardware.contacts.items() if "-" not in n}
        contacts |= {n: c for n, c in hardware.contacts.items() if n == "mains-lost"}
        assert set(contacts) == CONTACTS.get(name, set())
        assert not any(contact.is_active() for contact in contacts.values())

    play(tmp_path, name, story)


@pytest.mark.parametrize("name", [n for n in profile_names() if n != "disk-library"])
def test_the_first_slots_have_discs_and_the_last_has_none(name: str, tmp_path: Path) -> None:
    async def story(hardware: Hardware, profile: Profile) -> None:
        unit = next(iter(hardware.units.values()))
        await unit.changer.ensure_ready()
        slots = unit.changer.slots
        assert [await unit.changer.probe(slot) for slot in (slots[0], slots[-1])] == [True, False]

    play(tmp_path, name, story)
