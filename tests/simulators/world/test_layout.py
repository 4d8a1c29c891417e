"""The six profiles: what each has, and what its places are called."""

from pathlib import Path

import pytest

from simulators.world.description import CABINETS, Extent, load_description
from simulators.world.layout import lay_out
from simulators.world.world import World


@pytest.mark.parametrize(
    ("profile", "slots", "drives", "bays", "doors"),
    [
        ("desktop", 100, 2, 0, ("front",)),
        ("rack", 200, 4, 8, ("front",)),
        ("hybrid", 200, 4, 32, ("front", "rear")),
        ("disk-library", 0, 0, 32, ("front",)),
        ("disc-cabinet", 720, 2, 0, ("m1",)),
        ("pb-library", 800, 8, 0, ("front", "rear")),
    ],
)
def test_what_a_profile_has(
    profile: str, slots: int, drives: int, bays: int, doors: tuple[str, ...]
) -> None:
    layout = lay_out(load_description(profile), Extent())
    assert len(layout.slots) == len(set(layout.slots)) == slots
    assert (len(layout.drives), len(layout.bays), layout.doors) == (drives, bays, doors)


def test_every_described_cabinet_can_be_made(tmp_path: Path) -> None:
    profiles = sorted(path.stem for path in CABINETS.glob("*.toml"))
    assert len(profiles) == 6
    for profile in profiles:
        world = World.create(tmp_path / profile, profile)
        world.close()
        again = World.open(tmp_path / profile)
        assert again.state == world.state
        again.close()


def test_the_largest_library_has_5200_discs_in_13_nodes(tmp_path: Path) -> None:
    world = World.create(tmp_path, "pb-library", extent=Extent(units=13))
    assert len(world.state.discs) == 5200
    assert list(world.layout.units) == [f"n{number:02d}" for number in range(13)]
    assert len(world.layout.drives) == 52
    assert world.disc_at("n12.s400") is world.state.discs["BD005200"]
    node = world.layout.unit_of("n03.d2")
    assert node
    assert node.stations == ("n03.d1", "n03.d2", "n03.d3", "n03.d4")
    assert node.gripper == "n03.gripper"
    world.close()


def test_modules_have_a_door_each_and_share_the_desk() -> None:
    layout = lay_out(load_description("disc-cabinet"), Extent(units=3))
    assert layout.doors == ("m1", "m2", "m3")
    assert layout.drives == ("d1", "d2")
    assert (layout.slots[0], layout.slots[-1]) == ("m1.s001", "m3.s720")
    assert layout.robots == ()
    assert layout.unit_of("d1") is None


def test_the_printer_is_the_station_after_the_last_drive() -> None:
    description = load_description("hybrid")
    unit = lay_out(description, Extent()).units[""]
    assert unit.stations == ("d1", "d2", "d3", "d4", "p1")
    assert description.turntable.drive_axes(unit.stations.index("p1")) == (0, -640)


@pytest.mark.parametrize(
    ("profile", "units", "message"),
    [
        ("pb-library", 14, "1 to 13 units"),
        ("disc-cabinet", 0, "1 to 8 units"),
        ("rack", 2, "no units"),
    ],
)
def test_more_than_a_profile_allows_is_refused(profile: str, units: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lay_out(load_description(profile), Extent(units=units))


@pytest.mark.parametrize(
    ("profile", "extent", "message"),
    [
        ("disk-library", Extent(disks=33), "room for 32 disks"),
        ("hybrid", Extent(tapes=25), "room for 24 tapes"),
    ],
)
def test_more_media_than_there_is_room_for_are_refused(
    tmp_path: Path, profile: str, extent: Extent, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        World.create(tmp_path, profile, extent=extent)
