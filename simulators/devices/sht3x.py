"""Sensirion SHT3x: temperature and humidity over I2C, as its datasheet (version 6) has it.

A command is two bytes. A measurement is asked for, takes its time, and is then read once:
before it is ready, and when it has been read already, the chip does not acknowledge. Each
word is followed by its checksum.

Not modelled: clock stretching (such a command is taken and its result read as any other's),
periodic measurement, alert limits, the heater's warmth, the sensor's own slowness (2 s for
temperature, 8 s for humidity), and the reset by the general call. Not known from the
datasheet: what it does with a command that comes during a measurement; here it is not
acknowledged, so a host that talks too early is found out.
"""

import random
from dataclasses import dataclass

from simulators.devices.i2c.checksum import checked
from simulators.devices.i2c.message import SILENCE, TAKEN, Answer, Message, padded

HIGH, MEDIUM, LOW = "high", "medium", "low"
MEASURE = {
    0x2400: HIGH,
    0x240B: MEDIUM,
    0x2416: LOW,
    0x2C06: HIGH,
    0x2C0D: MEDIUM,
    0x2C10: LOW,
}
LONGEST_S = {HIGH: 0.015, MEDIUM: 0.006, LOW: 0.004}
SHORTEST_S = {HIGH: 0.0125, MEDIUM: 0.0045, LOW: 0.0025}
SPREAD_C = {HIGH: 0.02, MEDIUM: 0.04, LOW: 0.075}
"""Three times this is the repeatability of one measurement."""
SPREAD_PCT = {HIGH: 0.03, MEDIUM: 0.05, LOW: 0.07}
STATUS, CLEAR_STATUS = 0xF32D, 0x3041
SOFT_RESET, HEATER_ON, HEATER_OFF = 0x30A2, 0x306D, 0x3066
BREAK = 0x3093
RESET_S = 0.0015
AFTER_RESET = 0x8010
"""Alert pending and system reset detected, both set at power-on."""
HEATER_BIT, REFUSED_BIT = 0x2000, 0x0002
CLEARABLE = 0x8C10


@dataclass(frozen=True)
class Air:
    temperature_c: float
    humidity_pct: float


class Sht3x:
    """One chip. `seed` draws how long its measurements take and how they scatter."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # the same world, the same values
        self._busy_until_s = 0.0
        self.scatters = True
        self._reset()

    def _reset(self) -> None:
        self._status = AFTER_RESET
        self._ready = b""

    def update(self, now_s: float, message: Message, sensed: Air) -> Answer:
        """Take a command, or give what the last one asked for."""
        if now_s < self._busy_until_s:
            return SILENCE
        if message.read_bytes is not None:
            return self._give(message.read_bytes)
        if message.data:
            self._ready = b""
            self._obey(now_s, int.from_bytes(message.data[:2], "big"), len(message.data), sensed)
        return TAKEN

    def _give(self, read_bytes: int) -> Answer:
        if not self._ready:
            return SILENCE
        data, self._ready = self._ready, b""
        return padded(data, read_bytes)

    def _obey(self, now_s: float, command: int, length: int, air: Air) -> None:
        known = length == 2
        if known and command in MEASURE:
            self._measure(now_s, MEASURE[command], air)
        elif known and command == STATUS:
            self._ready = checked([self._status])
        elif known and command == CLEAR_STATUS:
            self._status &= ~CLEARABLE
        elif known and command == SOFT_RESET:
            self._reset()
            self._busy_until_s = now_s + RESET_S
        elif known and command in (HEATER_ON, HEATER_OFF):
            heats = command == HEATER_ON
            self._status = self._status & ~HEATER_BIT | HEATER_BIT * heats
        else:
            known = known and command == BREAK
        if command != STATUS or not known:
            self._status = self._status & ~REFUSED_BIT | REFUSED_BIT * (not known)

    def _measure(self, now_s: float, repeatability: str, air: Air) -> None:
        takes_s = self._chance.uniform(SHORTEST_S[repeatability], LONGEST_S[repeatability])
        self._busy_until_s = now_s + takes_s
        temperature_c = self._chance.gauss(
            air.temperature_c, self.scatters * SPREAD_C[repeatability]
        )
        humidity_pct = self._chance.gauss(
            air.humidity_pct, self.scatters * SPREAD_PCT[repeatability]
        )
        self._ready = checked((_word((temperature_c + 45) / 175), _word(humidity_pct / 100)))


def _word(fraction: float) -> int:
    """A part of the range as the chip counts it; the range's ends are the chip's ends."""
    return min(max(round(fraction * 65535), 0), 65535)
