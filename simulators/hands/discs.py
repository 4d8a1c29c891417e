"""Discs and magazines in a person's hand."""

import random

from simulators.cabinet import Cabinet
from simulators.faults.registry import nearest
from simulators.hands.reach import NEW, HandError, require_reach
from simulators.world.disc import SECTOR_BYTES, Disc, DiscState
from simulators.world.places import FLOOR, OUTSIDE
from simulators.world.world import World

FOREIGN = "foreign"
"""Instead of a serial: a disc that was written elsewhere."""
FOREIGN_SECTORS = 64


def _require_place(world: World, place: str) -> None:
    layout = world.layout
    if place not in layout.places:
        raise HandError(f"there is no place {place!r}; {nearest(place, layout.places)}")
    if layout.is_slot(place) and not world.has_slot(place):
        raise HandError(f"the magazine of {place} is not there")
    require_reach(world, place)
    if place in (*layout.drives, *layout.printers) and place not in world.state.open_trays:
        raise HandError(f"the tray of {place} is closed")


def take(cabinet: Cabinet, words: list[str]) -> str:
    world, place = cabinet.world, words[0]
    if place == FLOOR:
        lying = [disc for disc in world.state.discs.values() if disc.place == FLOOR]
        disc = lying[-1] if lying else None
    else:
        _require_place(world, place)
        disc = world.disc_at(place)
    if disc is None:
        raise HandError(f"there is no disc in {place}")
    world.move(disc, OUTSIDE)
    world.state.taken.append(disc.serial)
    return f"{disc.serial} is taken out of {place}"


def put(cabinet: Cabinet, words: list[str]) -> str:
    world, place = cabinet.world, words[0]
    _require_place(world, place)
    here = world.disc_at(place)
    if here is not None:
        raise HandError(f"{place} is taken: {here.serial} is there")
    disc = _choose(world, words[1:])
    world.move(disc, place)
    if disc.serial in world.state.taken:
        world.state.taken.remove(disc.serial)
    return f"{disc.serial} is put into {place}"


def _choose(world: World, words: list[str]) -> Disc:
    if words == [NEW]:
        return world.add_disc()
    if words == [FOREIGN]:
        return _add_foreign(world)
    outside = [disc.serial for disc in world.state.discs.values() if disc.place == OUTSIDE]
    held = [serial for serial in world.state.taken if serial in outside]
    wanted = words[0] if words else (held or outside or [""])[-1]
    if wanted not in outside:
        told = f"the disc {wanted!r} is not outside" if wanted else "no disc is outside"
        there = ", ".join((*outside, NEW, FOREIGN))
        raise HandError(f"{told}; there is: {there}")
    return world.state.discs[wanted]


def _add_foreign(world: World) -> Disc:
    """A disc that somebody else has written and closed, with nothing on it that we know."""
    disc = world.add_disc()
    chance = random.Random(disc.serial)  # noqa: S311  # a scenario is to be repeatable
    world.image_path(disc).write_bytes(chance.randbytes(FOREIGN_SECTORS * SECTOR_BYTES))
    disc.state, disc.burns, disc.written_sectors = DiscState.CLOSED, 1, FOREIGN_SECTORS
    world.save_disc(disc)
    return disc


def _require_latch(world: World, place: str) -> None:
    unit = world.layout.unit_of(place)
    if unit is None or place not in unit.magazines:
        places = [name for one in world.layout.units.values() for name in one.magazines]
        raise HandError(f"no place {place!r} for a magazine; {nearest(place, places)}")
    require_reach(world, place)
    if not world.magazines.is_released(place):
        raise HandError(f"the latch of {place} is closed")


def take_magazine(cabinet: Cabinet, words: list[str]) -> str:
    _require_latch(cabinet.world, words[0])
    return f"magazine {cabinet.world.take_magazine(words[0])} is taken out of {words[0]}"


def put_magazine(cabinet: Cabinet, words: list[str]) -> str:
    tag, place = words
    _require_latch(cabinet.world, place)
    cabinet.world.put_magazine(tag.upper(), place)
    return f"magazine {tag.upper()} is put into {place}"
