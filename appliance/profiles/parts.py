"""What a cabinet has besides robots: modules, magazines, bays, tape, sensors."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from appliance.profiles.geometry import Count, Name, Positive
from appliance.profiles.wiring import (
    Chip,
    ContactLine,
    ExpanderRow,
    FanLines,
    ModuleDoor,
    PowerChip,
    SlotPanel,
)


class Media(Struct, frozen=True, forbid_unknown_fields=True):
    """The discs that this model takes."""

    nominal_capacity_bytes: Annotated[int, Meta(ge=2048)]
    diameter_mm: Positive


class Modules(Struct, frozen=True, forbid_unknown_fields=True):
    """Modules of slots without a robot: a person carries between a slot and the desk."""

    names: Annotated[tuple[Name, ...], Meta(min_length=1)]
    panel: SlotPanel
    door: ModuleDoor


class Desk(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a person lays discs into drives and printer."""

    drives: Annotated[tuple[Name, ...], Meta(min_length=1)]
    printer: Name | None = None


class Magazine(Struct, frozen=True, forbid_unknown_fields=True):
    """A range of each node's slots that can be taken out together."""

    name: Name
    first_slot: Count
    last_slot: Count
    reader: Literal["rdm6300", "yrm100"]


class Bays(Struct, frozen=True, forbid_unknown_fields=True):
    """Hard disk bays in groups; each group has two expanders: presence and latch feedback, then
    power and latch release."""

    count: Count
    expanders: ExpanderRow
    group: Annotated[int, Meta(ge=1, le=8)] = 8
    largest_bytes: Annotated[int, Meta(ge=1)] = 18_000_000_000_000

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"b{number:02}" for number in range(1, self.count + 1))


class TapeUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """A tape changer and its drives."""

    slots: Count
    drives: Annotated[tuple[Name, ...], Meta(min_length=1)]
    cartridge_bytes: Annotated[int, Meta(ge=1)] = 6_000_000_000_000

    @property
    def slot_names(self) -> tuple[str, ...]:
        return tuple(f"t{number:02}" for number in range(1, self.slots + 1))


class Sensors(Struct, frozen=True, forbid_unknown_fields=True):
    """What the cabinet feels."""

    climate: tuple[Chip, ...] = ()
    dust: tuple[Chip, ...] = ()
    power: tuple[PowerChip, ...] = ()
    contacts: tuple[ContactLine, ...] = ()
    fans: tuple[FanLines, ...] = ()
