"""A profile: what hardware a model of appliance has and where it is. The data is `<name>.toml`.

Angles in degrees, lengths in millimetres, counted from the homed position: 0 degrees is the gate,
lift 0 the top, reach 0 the retracted arm. Signs and axes are the driver's business.
"""

import tomllib
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.spelling import nearest

INVALID_PROFILE = 5007
UNKNOWN_PROFILE = 5006

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1, le=10_000)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class Media(Struct, frozen=True, forbid_unknown_fields=True):
    """The discs that this model takes."""

    nominal_capacity_bytes: Annotated[int, Meta(ge=2048)]
    diameter_mm: Positive


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


class DriveStack(Struct, frozen=True, forbid_unknown_fields=True):
    """Drives behind the gate, one above the other, the first on top."""

    drives: tuple[Name, ...]
    first_lift_mm: Positive
    pitch_mm: Positive
    height_mm: Positive
    tray_reach_mm: Positive


class Place(NamedTuple):
    """Where the arm meets a medium."""

    turn_deg: float
    lift_mm: float
    reach_mm: float


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of appliance."""

    id: Annotated[str, Meta(pattern=r"^A[1-7]$")]
    name: Name
    title: str
    title_zh: str
    media: Media
    robot: Robot
    turntable: Turntable
    drive_stack: DriveStack

    def slots(self) -> dict[str, Place]:
        """Place of every slot by name, ``s001`` up, tier by tier."""
        table = self.turntable
        return {
            f"s{tier * table.slots_per_tier + position:03}": Place(
                position * table.pitch_deg,
                table.first_tier_lift_mm + tier * table.tier_pitch_mm,
                table.grip_reach_mm,
            )
            for tier in range(table.tiers)
            for position in range(1, table.slots_per_tier + 1)
        }

    def drives(self) -> dict[str, Place]:
        """Place of every drive's tray by the drive's name."""
        stack = self.drive_stack
        return {
            name: Place(0.0, stack.first_lift_mm + number * stack.pitch_mm, stack.tray_reach_mm)
            for number, name in enumerate(stack.drives)
        }


def profile_names() -> list[str]:
    """Names of all profiles that there are."""
    folder = files("appliance.profiles")
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def load_profile(name: str) -> Profile:
    """Read and check the profile `name`.

    Raises:
        SteleError: 5006 there is no such profile; 5007 it contradicts itself.
    """
    if name not in profile_names():
        raise SteleError(
            UNKNOWN_PROFILE, f"there is no profile {name!r}{nearest(name, profile_names())}"
        )
    return parse_profile(files("appliance.profiles").joinpath(f"{name}.toml").read_text("utf-8"))


def parse_profile(text: str) -> Profile:
    """A checked profile from TOML.

    Raises:
        SteleError: 5007 it cannot be read or contradicts itself; the message has every reason.
    """
    try:
        profile = msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SteleError(INVALID_PROFILE, f"the profile cannot be read: {error}") from error
    if faults := [*_overlaps(profile), *_out_of_travel(profile)]:
        raise SteleError(INVALID_PROFILE, f"profile {profile.name}: " + "; ".join(faults))
    return profile


def _overlaps(profile: Profile) -> list[str]:
    """Things that would stand in one another."""
    table, stack = profile.turntable, profile.drive_stack
    faults = []
    if table.slots_per_tier >= table.divisions:
        faults.append(
            f"{table.slots_per_tier} slots leave no gate among {table.divisions} divisions"
        )
    if table.pitch_deg < table.slot_width_deg:
        faults.append(
            f"slots of {table.slot_width_deg} deg overlap at a pitch of {table.pitch_deg:.2f} deg"
        )
    if table.tiers > 1 and table.tier_pitch_mm < profile.media.diameter_mm:
        faults.append(
            f"tiers {table.tier_pitch_mm} mm apart overlap: a disc stands "
            f"{profile.media.diameter_mm} mm high"
        )
    if len(set(stack.drives)) != len(stack.drives) or not stack.drives:
        faults.append("the drives need names of their own, and at least one drive")
    lifts = [place.lift_mm for place in profile.drives().values()]
    if any(below - above < stack.height_mm for above, below in pairwise(lifts)):
        faults.append(f"drives of {stack.height_mm} mm overlap at a pitch of {stack.pitch_mm} mm")
    return faults


def _out_of_travel(profile: Profile) -> list[str]:
    """Places where the robot cannot get to, and reaches in the wrong order."""
    robot, table = profile.robot, profile.turntable
    faults = [
        f"{name} at {place.turn_deg:.1f} deg, {place.lift_mm} mm, reach {place.reach_mm} mm "
        "is out of travel"
        for name, place in {**profile.slots(), **profile.drives()}.items()
        if place.turn_deg > robot.turn_travel_deg
        or place.lift_mm > robot.lift_travel_mm
        or place.reach_mm > robot.reach_travel_mm
    ]
    if not table.touch_reach_mm < table.probe_reach_mm <= table.grip_reach_mm:
        faults.append("the reaches must rise from touch over probe to grip")
    return faults[:5]
