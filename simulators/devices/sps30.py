"""Sensirion SPS30: dust in the air over I2C, as its datasheet has it.

A pointer of two bytes says what is meant; what is read next is behind the pointer. Words
that follow a pointer carry their checksum, and so do all that are read. While it measures
there is a new value each second, and a flag that says so until the value is read.

Not modelled: sleep and wake-up, the cleaning that it starts by itself each week (the interval
can be read and written), the first seconds in which values still settle, laser and fan errors
in the status register. Not known from the datasheet: what a read gives before the
first value is there; here it is zeros, so a host that does not wait finds the air too clean.
"""

import math
import random
import struct
from dataclasses import astuple, dataclass

from simulators.devices.i2c.checksum import checked, crc8
from simulators.devices.i2c.message import SILENCE, TAKEN, Answer, Message, padded

START, STOP, READY, VALUES = 0x0010, 0x0104, 0x0202, 0x0300
CLEAN, INTERVAL, RESET = 0x5607, 0x8004, 0xD304
PRODUCT, SERIAL, VERSION = 0xD002, 0xD033, 0xD100
STATUS, CLEAR_STATUS = 0xD206, 0xD210
AS_FLOATS, AS_INTEGERS = 0x0300, 0x0500
SAMPLE_S = 1.0
CLEANING_S = 10.0
SWITCHING_S = 0.02
RESET_S = 0.1
WEEK_S = 604_800
SPREAD = 0.03
"""Part of the value by which samples scatter."""


@dataclass(frozen=True)
class Particles:
    """Mass up to so many micrometres in µg/m³, number in 1/cm³, typical size in µm."""

    pm1_ug_m3: float
    pm2_5_ug_m3: float
    pm4_ug_m3: float
    pm10_ug_m3: float
    nc0_5_cm3: float
    nc1_cm3: float
    nc2_5_cm3: float
    nc4_cm3: float
    nc10_cm3: float
    typical_size_um: float


NOTHING = Particles(*(0.0,) * 10)


class Sps30:
    """One chip. `seed` draws how its samples scatter."""

    def __init__(self, seed: int = 0, serial: str = "5A1E000000000030") -> None:
        self._chance = random.Random(seed)  # noqa: S311  # the same world, the same values
        self._serial = serial
        self._interval_s = WEEK_S
        self._busy_until_s = 0.0
        self.scatters = True
        self._reset()

    def _reset(self) -> None:
        self._format: int | None = None
        self._sampled_s = 0.0
        self._clean_until_s = 0.0
        self._pointer = 0
        self._fresh = False
        self._values = NOTHING

    def update(self, now_s: float, message: Message, sensed: Particles) -> Answer:
        """Take a command or pointer, or give what is behind the pointer."""
        if now_s < self._busy_until_s:
            return SILENCE
        self._sample(now_s, sensed)
        if message.read_bytes is not None:
            words = self._behind_pointer()
            return SILENCE if words is None else padded(checked(words), message.read_bytes)
        if not message.data:
            return TAKEN
        words = _arguments(message.data)
        return SILENCE if words is None else self._obey(now_s, words[0], words[1:])

    def _sample(self, now_s: float, particles: Particles) -> None:
        """Be where the chip is at this time; samples that no one fetched are passed over."""
        since_s = max(self._sampled_s, self._clean_until_s)
        if self._format is None or now_s < since_s + SAMPLE_S:
            return
        self._sampled_s = since_s + math.floor(now_s - since_s)
        scatter = self._chance.gauss(1.0, self.scatters * SPREAD)
        *amounts, size_um = astuple(particles)
        values = [max(0.0, one * scatter) for one in amounts] + [size_um]
        self._values = Particles(*values)
        self._fresh = True

    def _obey(self, now_s: float, pointer: int, words: list[int]) -> Answer:
        self._pointer = pointer
        measuring = self._format is not None
        if pointer == START and not measuring and words in ([AS_FLOATS], [AS_INTEGERS]):
            self._format, self._sampled_s = words[0], now_s
            self._busy_until_s = now_s + SWITCHING_S
        elif pointer == STOP and measuring:
            self._format, self._fresh = None, False
            self._busy_until_s = now_s + SWITCHING_S
        elif pointer == CLEAN and measuring:
            self._clean_until_s = now_s + CLEANING_S
        elif pointer == RESET:
            self._reset()
            self._busy_until_s = now_s + RESET_S
        elif pointer == INTERVAL and len(words) == 2:
            self._interval_s = words[0] << 16 | words[1]
        elif words or pointer in (START, STOP, CLEAN):
            return SILENCE
        return TAKEN

    def _behind_pointer(self) -> list[int] | None:
        if self._pointer in (READY, VALUES) and self._format is None:
            return None
        if self._pointer == READY:
            return [int(self._fresh)]
        if self._pointer == VALUES:
            self._fresh = False
            return self._encode()
        return {
            INTERVAL: [self._interval_s >> 16, self._interval_s & 0xFFFF],
            PRODUCT: _text("00080000", 4),
            SERIAL: _text(self._serial, 16),
            VERSION: [0x0202],
            STATUS: [0, 0],
        }.get(self._pointer)

    def _encode(self) -> list[int]:
        values = astuple(self._values)
        if self._format == AS_INTEGERS:
            counts = [*values[:9], values[9] * 1000]
            return [min(round(value), 65535) for value in counts]
        raw = struct.pack(">10f", *values)
        return list(struct.unpack(">20H", raw))


def _arguments(data: bytes) -> list[int] | None:
    """The pointer and the words after it; none when a checksum or the length is wrong."""
    if len(data) < 2 or (len(data) - 2) % 3:
        return None
    words = [int.from_bytes(data[:2], "big")]
    for at in range(2, len(data), 3):
        if crc8(data[at : at + 2]) != data[at + 2]:
            return None
        words.append(int.from_bytes(data[at : at + 2], "big"))
    return words


def _text(text: str, words: int) -> list[int]:
    """Text in words, two characters each, ended and filled up by zeros."""
    raw = text.encode("ascii").ljust(2 * words, b"\0")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
