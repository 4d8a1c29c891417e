"""What a simulated cabinet is made of, read from `cabinets/<profile>.toml`."""

from pathlib import Path

import msgspec

CABINETS = Path(__file__).parent / "cabinets"
Triple = tuple[float, float, float]


class Turntable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Geometry of slots, gate, drives and arm, in mm and degrees; meanings in the TOML file."""

    tiers: int
    positions: int
    places: int
    slot_top_mm: float
    slot_tier_mm: float
    slot_reach_mm: float
    drive_top_mm: float
    drive_tier_mm: float
    drive_reach_mm: float
    touch_before_mm: float
    retracted_mm: float
    clearance_mm: float
    wall_reach_mm: float
    front_reach_mm: float
    angle_tolerance_deg: float
    height_tolerance_mm: float
    grip_tolerance_mm: float
    jaws_s: float

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(f"s{number:03d}" for number in range(1, self.tiers * self.positions + 1))

    def slot_axes(self, slot: str) -> tuple[float, float]:
        """Turntable angle (degrees) and lift height (mm) of a slot, in machine coordinates."""
        tier, place = divmod(int(slot[1:]) - 1, self.positions)
        return -(place + 1) * 360.0 / self.places, -(self.slot_top_mm + self.slot_tier_mm * tier)

    def drive_axes(self, index: int) -> tuple[float, float]:
        return 0.0, -(self.drive_top_mm + self.drive_tier_mm * index)


class Controller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    travel_mm: Triple
    rate_mm_min: Triple
    acceleration_mm_s2: Triple


class Drives(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The drives, all of one model. Speeds are bytes a second and multiples of `base_speed`."""

    names: tuple[str, ...]
    vendor: str
    product: str
    revision: str
    base_speed: float
    top_speed: float
    tray_s: float
    spin_up_s: float
    close_session_s: float


class Discs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fresh disc of this cabinet is."""

    kind: str
    capacity_sectors: int


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of cabinet."""

    profile: str
    turntable: Turntable
    controller: Controller
    drives: Drives
    discs: Discs


def load_description(profile: str) -> Description:
    """Read the description of a profile.

    Raises:
        ValueError: no such profile, or a file that does not fit.
    """
    path = CABINETS / f"{profile}.toml"
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in CABINETS.glob("*.toml")))
        raise ValueError(f"no cabinet is described for profile {profile!r}; there is: {known}")
    return msgspec.toml.decode(path.read_bytes(), type=Description)
