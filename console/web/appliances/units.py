"""The parts that an appliance is made of: one robot's or one module's slots and drives. Pure."""

from collections.abc import Iterable, Sequence

from appliance.contract.messages import DriveView, LibraryTelemetry, RobotView, SlotView
from appliance.contract.states import MediumKind


def unit_of(name: str) -> str:
    """The unit of a slot or drive, ``n03`` of ``n03.s217``; empty where there is one unit only."""
    unit, dot, _ = name.partition(".")
    return unit if dot else ""


def units_of(library: LibraryTelemetry) -> list[str]:
    """All units with slots for discs, in their order; one nameless one for a plain library."""
    return list(dict.fromkeys(unit_of(slot.slot) for slot in discs_of(library)))


def discs_of(library: LibraryTelemetry, unit: str | None = None) -> list[SlotView]:
    """The slots for discs, of one unit or of all."""
    return [
        slot
        for slot in library.slots
        if slot.kind is MediumKind.DISC and unit in (None, unit_of(slot.slot))
    ]


def tapes_of(library: LibraryTelemetry) -> list[SlotView]:
    return [slot for slot in library.slots if slot.kind is MediumKind.TAPE]


def drives_of(library: LibraryTelemetry, unit: str) -> list[DriveView]:
    """The drives that serve a unit: its own, and those that serve all."""
    return [drive for drive in library.drives if unit_of(drive.drive) in ("", unit)]


def robot_of(robots: Sequence[RobotView], unit: str) -> RobotView | None:
    return next((robot for robot in robots if robot.unit == unit), None)


def filled(slots: Iterable[SlotView]) -> int:
    """How many slots are some medium's home."""
    return sum(slot.medium_id is not None for slot in slots)
