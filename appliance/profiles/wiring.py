"""How the parts of a cabinet are wired: digital lines, and chips on I2C buses."""

from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from appliance.profiles.geometry import Count, Name

Address = Annotated[int, Meta(ge=0x03, le=0x77)]
Channel = Annotated[int, Meta(ge=0, le=7)]
Gpio = Annotated[int, Meta(ge=0, le=27)]
"""A line of the computer itself, by its BCM number."""
Pin = Annotated[str, Meta(pattern=r"^[AB][0-7]$")]
"""A line of a port expander: port and bit."""
MAIN_BUS = "main"
FIRST_EXPANDER, LAST_EXPANDER = 0x20, 0x27
CHANNELS = 8


class ChipPlace(NamedTuple):
    """Where a chip answers: on a bus, or behind a channel of a multiplexer on that bus."""

    bus: str
    address: int
    mux: int | None = None
    channel: int = 0

    def __str__(self) -> str:
        behind = "" if self.mux is None else f" behind mux 0x{self.mux:02x} channel {self.channel}"
        return f"0x{self.address:02x} on bus {self.bus}{behind}"


class Chip(Struct, frozen=True, forbid_unknown_fields=True):
    """A chip with a name."""

    name: Name
    address: Address
    bus: Name = MAIN_BUS
    mux: Address | None = None
    channel: Channel = 0

    @property
    def place(self) -> ChipPlace:
        return ChipPlace(self.bus, self.address, self.mux, self.channel)


class PowerChip(Chip, frozen=True, forbid_unknown_fields=True):
    """A power meter and its shunt."""

    shunt_ohm: Annotated[float, Meta(gt=0)] = 0.002
    current_lsb_a: Annotated[float, Meta(gt=0)] = 0.001


class ExpanderRow(Struct, frozen=True, forbid_unknown_fields=True):
    """Port expanders of ascending addresses behind one channel of a multiplexer."""

    mux: Address
    channel: Channel
    first_address: Address = FIRST_EXPANDER
    bus: Name = MAIN_BUS

    def place(self, number: int) -> ChipPlace:
        return ChipPlace(self.bus, self.first_address + number, self.mux, self.channel)


class SlotPanel(Struct, frozen=True, forbid_unknown_fields=True):
    """A presence sensor (port A) and a light (port B) at each slot, eight slots an expander, eight
    expanders a channel, eight channels a multiplexer."""

    slots: Count
    first_mux: Address = 0x70
    first_address: Address = FIRST_EXPANDER
    per_chip: Annotated[int, Meta(ge=1, le=8)] = 8
    per_channel: Annotated[int, Meta(ge=1, le=8)] = 8

    @property
    def expanders(self) -> int:
        return -(-self.slots // self.per_chip)

    def place(self, bus: str, expander: int) -> ChipPlace:
        """Where the expander of this number, from 0, is on a module's bus."""
        group, number = divmod(expander, self.per_channel)
        return ChipPlace(
            bus, self.first_address + number, self.first_mux + group // CHANNELS, group % CHANNELS
        )


class Door(Struct, frozen=True, forbid_unknown_fields=True):
    """A door with contact, key switch, bolt contact and lock, on the computer's own lines."""

    name: Name
    contact: Gpio
    key: Gpio
    bolt: Gpio
    lock: Gpio


class ModuleDoor(Struct, frozen=True, forbid_unknown_fields=True):
    """The door of a module, on an expander of the module's own bus."""

    mux: Address
    channel: Channel
    address: Address
    contact: Pin
    key: Pin
    bolt: Pin
    lock: Pin


class ContactLine(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is or is not: `smoke`, `water`, `mains-lost`. Low, 0 V, is the good answer."""

    name: Name
    line: Gpio


class FanLines(Struct, frozen=True, forbid_unknown_fields=True):
    """A fan's switch and its tachometer."""

    name: Name
    switch: Gpio
    tachometer: Gpio


def line_number(pin: str) -> int:
    """Number of an expander's line: ``A0`` is 0, ``B7`` is 15."""
    return "AB".index(pin[0]) * 8 + int(pin[1])
