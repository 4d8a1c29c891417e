"""Where the slots and drives of a turntable library are, and how fast its robot may go."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Station:
    """Where the arm faces a slot or a drive."""

    turntable_deg: float
    lift_mm: float


@dataclass(frozen=True, slots=True)
class TurntableGeometry:
    """Machine coordinates of one cabinet. All travel is negative; the order of `slots` is kept."""

    slots: Mapping[str, Station]
    drives: Mapping[str, Station]
    slot_reach_mm: float = -120.0
    drive_reach_mm: float = -280.0
    probe_reach_mm: float = -118.0
    """How far a probe goes before the slot counts as empty: past the edge, short of the grip."""
    retracted_mm: float = 0.0
    retracted_tolerance_mm: float = 0.5
    reach_mm_per_min: float = 6000.0
    probe_mm_per_min: float = 1500.0
    jaws_settle_s: float = 0.3


def slots_on_tiers(
    tiers: int,
    positions: int,
    *,
    first_lift_mm: float,
    tier_pitch_mm: float,
    name_format: str = "s{:03d}",
) -> dict[str, Station]:
    """Slots around a turntable, tier by tier: `positions` and one gate share the full circle.

    The gate is at 0 degrees; position 1 is the first after it. Heights go down from
    `first_lift_mm` by `tier_pitch_mm` a tier (both positive).
    """
    pitch_deg = 360.0 / (positions + 1)
    return {
        name_format.format(positions * tier + position): Station(
            -position * pitch_deg, -(first_lift_mm + tier_pitch_mm * tier)
        )
        for tier in range(tiers)
        for position in range(1, positions + 1)
    }


def drives_at_gate(
    names: tuple[str, ...], *, first_lift_mm: float, pitch_mm: float
) -> dict[str, Station]:
    """Drives one above the other behind the gate, in the order of `names`."""
    return {
        name: Station(0.0, -(first_lift_mm + pitch_mm * number))
        for number, name in enumerate(names)
    }


def rack_geometry(drives: tuple[str, ...] = ("d1", "d2", "d3", "d4")) -> TurntableGeometry:
    """The rack library: 4 tiers of 50 slots, up to 4 drives."""
    return TurntableGeometry(
        slots=slots_on_tiers(4, 50, first_lift_mm=20.0, tier_pitch_mm=150.0),
        drives=drives_at_gate(drives, first_lift_mm=40.0, pitch_mm=150.0),
    )
