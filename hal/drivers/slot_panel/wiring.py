"""Which expander and which of its lines a slot has. Pure. PROTOCOL.md draws it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

SLOTS_AN_EXPANDER = 8
EXPANDERS_A_CHANNEL = 8
CHANNELS_A_MULTIPLEXER = 8

LIGHTS = 0xFF00
"""The outputs of each expander: port B."""


@dataclass(frozen=True, slots=True)
class ExpanderPlace:
    """Where an expander answers: behind a channel of a multiplexer of the module's bus."""

    multiplexer: int
    channel: int
    address: int


def expander_places(
    slots: int, *, first_multiplexer: int = 0x70, first_address: int = 0x20
) -> tuple[ExpanderPlace, ...]:
    """The places of the expanders of so many slots, in order."""
    count = -(-slots // SLOTS_AN_EXPANDER)
    a_multiplexer = EXPANDERS_A_CHANNEL * CHANNELS_A_MULTIPLEXER
    return tuple(
        ExpanderPlace(
            first_multiplexer + number // a_multiplexer,
            number // EXPANDERS_A_CHANNEL % CHANNELS_A_MULTIPLEXER,
            first_address + number % EXPANDERS_A_CHANNEL,
        )
        for number in range(count)
    )


def decode_presence(levels: int, slots: Sequence[str]) -> dict[str, bool]:
    """Whether a medium is in each of an expander's slots: low on port A is a medium."""
    return {slot: not levels >> bit & 1 for bit, slot in enumerate(slots)}


def encode_lights(slots: Sequence[str], lit: Collection[str]) -> int:
    """Levels of port B for these of an expander's slots lit: high is lit."""
    return sum(1 << bit for bit, slot in enumerate(slots) if slot in lit) << 8
