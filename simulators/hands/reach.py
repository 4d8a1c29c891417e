"""What a hand reaches, and what keeps it off."""

from simulators.world.layout import FRONT
from simulators.world.world import World

NEW = "new"
"""Instead of a serial or barcode: a fresh disc, disk or cartridge."""


class HandError(Exception):
    """A hand cannot do that; the text says why."""


def doors_to(world: World, place: str) -> tuple[str, ...]:
    """Doors of which one must be open to reach a place; none for what stands on the desk."""
    layout = world.layout
    unit = layout.unit_of(place)
    if unit and unit.name in layout.doors:
        return (unit.name,)
    if unit:
        return (FRONT,)
    if place in (*layout.bays, *layout.tape_slots, *layout.tape_drives):
        return layout.doors
    return ()


def require_reach(world: World, place: str) -> None:
    doors = doors_to(world, place)
    if doors and not any(world.doors[door].is_open for door in doors):
        raise HandError(f"door {' and door '.join(doors)} is closed: {place} cannot be reached")
