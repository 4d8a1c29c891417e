"""A chip in its place on a bus, with all that can be wrong with it there.

Faults, by name and the seat's name (`chip-absent:main/0x44`):

- `chip-absent`: nobody at this address.
- `chip-wrong`: another kind of chip at this address.
- `chip-twice`: a second chip of the same kind at this address, in another place.
- `chip-short`: it lets go of the line in the middle of what it sends; the host reads ones.
- `bad-crc`: the checksum after each word is wrong (only chips that send checksums).
- `stuck-value`: what it senses stays as it was when the fault began, to the last bit.
- `noisy-value`: what it senses scatters widely.
"""

import random
from collections.abc import Callable
from dataclasses import astuple
from typing import Any, Generic, TypeVar

from simulators.devices.i2c.message import Answer, Chip, Message, Scattering
from simulators.devices.i2c.stranger import Stranger

ABSENT, WRONG, TWICE = "chip-absent", "chip-wrong", "chip-twice"
SHORT, BAD_CRC = "chip-short", "bad-crc"
STUCK, NOISY = "stuck-value", "noisy-value"
WORD_BYTES = 3
"""A word and its checksum."""
NOISE = 0.4
"""Standard deviation of a noisy value, as a part of it."""

Sensed = TypeVar("Sensed")


class Seat(Generic[Sensed]):
    """Where a chip is soldered.

    Args:
        address: its seven bits.
        make: a chip fresh from power-on.
        sense: what the chip feels now.
        has: whether a fault of this name is on this seat.
        elsewhere: what a second chip of the kind would feel; unset, the same.
        acted: called after the host wrote to the chip, as its outputs may have changed.
    """

    def __init__(
        self,
        address: int,
        make: Callable[[], Chip[Sensed]],
        sense: Callable[[], Sensed],
        *,
        has: Callable[[str], bool] = lambda fault: False,  # noqa: ARG005
        elsewhere: Callable[[], Sensed] | None = None,
        acted: Callable[[], None] = lambda: None,
    ) -> None:
        self.address = address
        self.chip = make()
        self._make = make
        self._sense = sense
        self._has = has
        self._elsewhere = elsewhere or sense
        self._acted = acted
        self._second: Chip[Sensed] | None = None
        self._stranger: Stranger | None = None
        self._stuck: Sensed | None = None
        self._chance = random.Random(address)  # noqa: S311  # repeatable

    def hear(self, now_s: float, address: int, message: Message) -> list[Answer]:
        if address != self.address or self._has(ABSENT):
            return []
        if self._has(WRONG):
            self._stranger = self._stranger or Stranger()
            return [self._stranger.update(now_s, message, None)]
        self._stranger = None
        if isinstance(self.chip, Scattering):
            self.chip.scatters = not self._has(STUCK)
        answers = [self._spoil(self.chip.update(now_s, message, self._feel()))]
        if self._has(TWICE):
            self._second = self._second or self._make()
            answers.append(self._second.update(now_s, message, self._elsewhere()))
        else:
            self._second = None
        if message.data:
            self._acted()
        return answers

    def stop(self) -> None:
        """A chip that is no multiplexer does not mind."""

    def _feel(self) -> Sensed:
        if self._has(STUCK):
            self._stuck = self._sense() if self._stuck is None else self._stuck
            return self._stuck
        self._stuck = None
        return scatter(self._sense(), self._chance) if self._has(NOISY) else self._sense()

    def _spoil(self, answer: Answer) -> Answer:
        data = answer.data
        if data and self._has(BAD_CRC):
            data = bytes(
                byte ^ 0x5A if at % WORD_BYTES == WORD_BYTES - 1 else byte
                for at, byte in enumerate(data)
            )
        if data and self._has(SHORT):
            kept = len(data) // 2
            data = data[:kept].ljust(len(data), b"\xff")
        return Answer(answer.acknowledged, data)


def scatter(sensed: Any, chance: random.Random) -> Any:
    """A noisy version of some quantities, each a number."""
    values = (value * chance.gauss(1.0, NOISE) for value in astuple(sensed))
    return type(sensed)(*values)
