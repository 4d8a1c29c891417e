"""What the person of the demo understands from lights and trays."""

from pathlib import Path

import pytest

from simulators.demo.person import Carry, way_back, what_is_asked
from simulators.world.description import Extent
from simulators.world.world import OUTSIDE, World


@pytest.mark.parametrize(
    ("lit", "trays", "moved", "asked"),
    [
        ((), ("d1",), (), None),
        (("m1.s002",), (), (), None),
        (("m1.s002",), ("d1",), (), Carry("m1.s002", "d1", "m1")),
        (("m1.s002",), ("d1",), ("m1.s001", "d1"), None),
        (("m1.s001",), ("d1",), ("m1.s001", "d1"), Carry("d1", "m1.s001", "m1")),
        (("m1.s001",), (), ("m1.s001", "d1"), None),
        (("m1.s001",), ("d2",), ("m1.s001", "d1"), None),
        (("m1.s001",), (), ("m1.s001", OUTSIDE), Carry("", "m1.s001", "m1")),
        (("m1.s002",), ("d1",), ("m1.s001", OUTSIDE), None),
    ],
)
def test_lights_and_trays_say_what_to_carry(
    tmp_path: Path,
    lit: tuple[str, ...],
    trays: tuple[str, ...],
    moved: tuple[str, ...],
    asked: Carry | None,
) -> None:
    world = World.create(tmp_path, "disc-cabinet", discs=2, extent=Extent(units=1))
    world.state.lights |= set(lit)
    world.state.open_trays |= set(trays)
    if moved:
        disc = world.disc_at(moved[0])
        assert disc
        world.move(disc, moved[1])
        if moved[1] == OUTSIDE:
            world.state.taken.append(disc.serial)
    assert what_is_asked(world.state, world.layout) == asked
    world.close()


def test_a_disc_that_nobody_asked_for_goes_back_to_its_slot(tmp_path: Path) -> None:
    world = World.create(tmp_path, "disc-cabinet", discs=2, extent=Extent(units=1))
    world.state.lights.add("m1.s002")
    world.state.open_trays.add("d1")
    disc = world.disc_at("m1.s001")
    assert disc
    assert way_back(world.state, world.layout, {disc.serial: "m1.s001"}) is None
    world.move(disc, OUTSIDE)
    world.state.taken.append(disc.serial)
    back = way_back(world.state, world.layout, {disc.serial: "m1.s001"})
    assert back == Carry("", "m1.s001", "m1")
    assert way_back(world.state, world.layout, {}) is None
    world.close()
