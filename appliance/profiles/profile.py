"""A profile: what hardware a model of appliance has and where it is. The data is `<name>.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.profiles.geometry import DriveStack, Name, Place, Robot, Turntable
from appliance.profiles.overlaps import faults_of
from appliance.profiles.parts import Bays, Desk, Magazine, Media, Modules, Sensors, TapeUnit
from appliance.profiles.wiring import Door, ExpanderRow
from appliance.spelling import nearest

INVALID_PROFILE = 5007
UNKNOWN_PROFILE = 5006
ONLY_UNIT = ""
"""Name of the unit of an appliance that has one only."""


def qualified(unit: str, name: str) -> str:
    """Name of a slot, drive or magazine place as the whole appliance says it: ``n03.s217``."""
    return f"{unit}.{name}" if unit else name


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of appliance. A part that is unset is not there.

    A unit is what one robot serves, or one person who is guided: its slots and its drives. Where
    there are nodes each is a unit; modules are served from one desk and are one unit together.
    """

    id: Annotated[str, Meta(pattern=r"^A[1-7]$")]
    name: Name
    title: str
    title_zh: str
    media: Media
    nodes: tuple[Name, ...] = ()
    robot: Robot | None = None
    turntable: Turntable | None = None
    drive_stack: DriveStack | None = None
    modules: Modules | None = None
    desk: Desk | None = None
    magazines: tuple[Magazine, ...] = ()
    latches: ExpanderRow | None = None
    bays: Bays | None = None
    tape: TapeUnit | None = None
    has_camera: bool = False
    doors: tuple[Door, ...] = ()
    sensors: Sensors = Sensors()

    @property
    def units(self) -> tuple[str, ...]:
        """Names of the units; none where discs are not moved at all."""
        if self.nodes:
            return self.nodes
        return (ONLY_UNIT,) if self.turntable or self.modules else ()

    def slots(self, unit: str = ONLY_UNIT) -> dict[str, Place]:
        """Place of every slot that the unit's robot reaches, by name, in inventory order."""
        if self.turntable is None:
            return {}
        return {qualified(unit, name): place for name, place in self.turntable.slots().items()}

    def stations(self, unit: str = ONLY_UNIT) -> dict[str, Place]:
        """Place of every tray behind the unit's gate: the drives, and a printer as the last."""
        if self.drive_stack is None:
            return {}
        return {qualified(unit, name): place for name, place in self.drive_stack.places().items()}

    def drives(self, unit: str = ONLY_UNIT) -> tuple[str, ...]:
        """Names of the optical drives of a unit, top one first."""
        if self.desk is not None:
            return self.desk.drives
        stack = self.drive_stack
        return tuple(qualified(unit, name) for name in stack.drives) if stack else ()

    def all_drives(self) -> tuple[str, ...]:
        return tuple(name for unit in self.units for name in self.drives(unit))

    @property
    def printer(self) -> str | None:
        """Name of the printer's station."""
        if self.desk is not None:
            return self.desk.printer
        return self.drive_stack.printer if self.drive_stack else None

    def module_slots(self, module: str) -> tuple[str, ...]:
        """Names of a module's slots."""
        count = self.modules.panel.slots if self.modules else 0
        return tuple(f"{module}.s{number:03}" for number in range(1, count + 1))

    def magazine_places(self) -> tuple[str, ...]:
        """Every place of a magazine, ``n00.g1`` and so on."""
        return tuple(qualified(u, m.name) for u in self.units for m in self.magazines)

    def magazine_slots(self, place: str) -> tuple[str, ...]:
        """The slots that leave with the magazine of a place."""
        unit, _, name = place.rpartition(".")
        return tuple(
            qualified(unit, f"s{number:03}")
            for magazine in self.magazines
            if magazine.name == name
            for number in range(magazine.first_slot, magazine.last_slot + 1)
        )


def profile_names() -> list[str]:
    """Names of all profiles that there are."""
    folder = files("appliance.profiles")
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


@cache
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
    if faults := faults_of(profile):
        raise SteleError(INVALID_PROFILE, f"profile {profile.name}: " + "; ".join(faults))
    return profile
