"""Where a robot finds slots and drives.

Angles in degrees, lengths in millimetres, counted from the homed position: 0 degrees is the gate,
lift 0 the top, reach 0 the retracted arm. Signs and axes are the driver's business.
"""

from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1, le=10_000)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class Place(NamedTuple):
    """Where the arm meets a medium."""

    turn_deg: float
    lift_mm: float
    reach_mm: float


class Robot(Struct, frozen=True, forbid_unknown_fields=True):
    """How far each axis goes, and how fast the arm may reach out."""

    turn_travel_deg: Positive
    lift_travel_mm: Positive
    reach_travel_mm: Positive
    reach_rate_mm_per_min: Positive


class Turntable(Struct, frozen=True, forbid_unknown_fields=True):
    """Tiers of slots at equal angles; division 0 of each tier is the gate and holds no slot."""

    divisions: Count
    slots_per_tier: Count
    slot_width_deg: Positive
    tiers: Count
    first_tier_lift_mm: Positive
    tier_pitch_mm: Positive
    grip_reach_mm: Positive
    touch_reach_mm: Positive
    probe_reach_mm: Positive

    @property
    def pitch_deg(self) -> float:
        return 360.0 / self.divisions

    def slots(self) -> dict[str, Place]:
        """Place of every slot by name, ``s001`` up, tier by tier."""
        return {
            f"s{tier * self.slots_per_tier + position:03}": Place(
                position * self.pitch_deg,
                self.first_tier_lift_mm + tier * self.tier_pitch_mm,
                self.grip_reach_mm,
            )
            for tier in range(self.tiers)
            for position in range(1, self.slots_per_tier + 1)
        }


class DriveStack(Struct, frozen=True, forbid_unknown_fields=True):
    """Drives behind the gate, one above the other, the first on top; below them the printer, if
    there is one that the robot reaches."""

    drives: tuple[Name, ...]
    first_lift_mm: Positive
    pitch_mm: Positive
    height_mm: Positive
    tray_reach_mm: Positive
    printer: Name | None = None

    @property
    def stations(self) -> tuple[str, ...]:
        """Everything with a tray, top one first."""
        return (*self.drives, self.printer) if self.printer else self.drives

    def places(self) -> dict[str, Place]:
        """Place of every tray by its station's name."""
        return {
            name: Place(0.0, self.first_lift_mm + number * self.pitch_mm, self.tray_reach_mm)
            for number, name in enumerate(self.stations)
        }
