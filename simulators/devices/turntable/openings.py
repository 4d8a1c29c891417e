"""What the arm meets when it reaches out at a given angle and height."""

from dataclasses import dataclass

from simulators.world.description import Turntable
from simulators.world.world import World

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Opening:
    """What is before the arm. Depths are mm of reach, counted positive."""

    place: str
    """Slot or drive with an open tray; empty when there is nothing but a wall."""
    reach_mm: float
    """Depth at which the jaws hold a medium."""
    wall_mm: float
    """Depth at which the arm hits something hard."""


def find_opening(world: World, position: Vector) -> Opening:
    """Tell what the arm would meet at the angle and height of `position`."""
    table = world.description.turntable
    angle_deg, height_mm, _ = position
    if abs(angle_deg) <= table.angle_tolerance_deg:
        return _gate_opening(world, table, height_mm)
    place = round(-angle_deg * table.places / 360.0)
    tier = round((-height_mm - table.slot_top_mm) / table.slot_tier_mm)
    if 1 <= place <= table.positions and 0 <= tier < table.tiers:
        slot = f"s{table.positions * tier + place:03d}"
        slot_angle_deg, slot_height_mm = table.slot_axes(slot)
        if (
            abs(slot_angle_deg - angle_deg) <= table.angle_tolerance_deg
            and abs(slot_height_mm - height_mm) <= table.height_tolerance_mm
        ):
            reach_mm = table.slot_reach_mm
            return Opening(slot, reach_mm, reach_mm + table.clearance_mm)
    return Opening("", 0.0, table.wall_reach_mm)


def _gate_opening(world: World, table: Turntable, height_mm: float) -> Opening:
    for index, drive in enumerate(world.description.drives.names):
        _, drive_height_mm = table.drive_axes(index)
        if (
            abs(drive_height_mm - height_mm) <= table.height_tolerance_mm
            and drive in world.state.open_trays
        ):
            reach_mm = table.drive_reach_mm
            return Opening(drive, reach_mm, reach_mm + table.clearance_mm)
    return Opening("", 0.0, table.front_reach_mm)
