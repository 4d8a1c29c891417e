"""What the arm meets when it reaches out at a given angle and height."""

from dataclasses import dataclass

from simulators.world.layout import Unit
from simulators.world.places import name_in
from simulators.world.world import World

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Opening:
    """What is before the arm. Depths are mm of reach, counted positive."""

    place: str
    """Slot, or station with an open tray; empty when there is nothing but a wall."""
    reach_mm: float
    """Depth at which the jaws hold a medium."""
    wall_mm: float
    """Depth at which the arm hits something hard."""


def find_opening(world: World, unit: Unit, position: Vector) -> Opening:
    """Tell what the arm of a unit would meet at the angle and height of `position`.

    A slot whose magazine is out is nothing to reach for: the arm meets no end, and no disc.
    """
    table = world.description.turntable
    angle_deg, height_mm, _ = position
    if abs(angle_deg) <= table.angle_tolerance_deg:
        return _gate_opening(world, unit, height_mm)
    place = round(-angle_deg * table.places / 360.0)
    tier = round((-height_mm - table.slot_top_mm) / table.slot_tier_mm)
    if 1 <= place <= table.positions and 0 <= tier < table.tiers:
        slot = f"s{table.positions * tier + place:03d}"
        slot_angle_deg, slot_height_mm = table.slot_axes(slot)
        if (
            abs(slot_angle_deg - angle_deg) <= table.angle_tolerance_deg
            and abs(slot_height_mm - height_mm) <= table.height_tolerance_mm
        ):
            slot, reach_mm = name_in(unit.name, slot), table.slot_reach_mm
            return Opening(
                slot if world.has_slot(slot) else "", reach_mm, reach_mm + table.clearance_mm
            )
    return Opening("", 0.0, table.wall_reach_mm)


def _gate_opening(world: World, unit: Unit, height_mm: float) -> Opening:
    table = world.description.turntable
    for index, station in enumerate(unit.stations):
        _, drive_height_mm = table.drive_axes(index)
        if (
            abs(drive_height_mm - height_mm) <= table.height_tolerance_mm
            and station in world.state.open_trays
        ):
            reach_mm = table.drive_reach_mm
            return Opening(station, reach_mm, reach_mm + table.clearance_mm)
    return Opening("", 0.0, table.front_reach_mm)
