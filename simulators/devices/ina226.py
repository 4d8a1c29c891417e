"""Texas Instruments INA226: voltage, current and power over I2C, as its datasheet has it.

A register is named by one byte and stays named for the reads that follow; registers have
16 bits, high byte first. Current and power are computed by the chip from what the
calibration register says of the shunt: without calibration they are 0.

Not modelled: averaging of changing values, noise, and the alert pin with its limit.
"""

from dataclasses import dataclass

from simulators.devices.i2c.message import SILENCE, TAKEN, Answer, Message, padded

CONFIG, SHUNT, BUS, POWER, CURRENT, CALIBRATION, MASK, LIMIT = range(8)
MANUFACTURER, DIE = 0xFE, 0xFF
CONFIG_RESET = 0x4127
RESET_BIT = 0x8000
IDS = {MANUFACTURER: 0x5449, DIE: 0x2260}
WRITABLE = (CONFIG, CALIBRATION, MASK, LIMIT)
SHUNT_LSB_V = 2.5e-6
BUS_LSB_V = 1.25e-3
CONVERSION_READY = 0x0008
OVERFLOW = 0x0004
AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
CONVERSION_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)
TRIGGERED, CONTINUOUS = range(1, 4), range(5, 8)
SHUNT_MODE, BUS_MODE = 1, 2
"""Bits of the mode that say what is converted."""


@dataclass(frozen=True)
class Load:
    """What the chip is wired to."""

    voltage_v: float
    current_a: float


class Ina226:
    """One chip over a shunt."""

    def __init__(self, shunt_ohm: float) -> None:
        self._shunt_ohm = shunt_ohm
        self._reset(0.0)

    def _reset(self, now_s: float) -> None:
        self._registers = dict.fromkeys(range(8), 0)
        self._registers[CONFIG] = CONFIG_RESET
        self._pointer = CONFIG
        self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        """Start converting as the configuration says; with mode 0 or 4 the chip rests."""
        config = self._registers[CONFIG]
        mode = config & 7
        bus_s = CONVERSION_S[config >> 6 & 7] if mode & BUS_MODE else 0.0
        shunt_s = CONVERSION_S[config >> 3 & 7] if mode & SHUNT_MODE else 0.0
        self._cycle_s = (bus_s + shunt_s) * AVERAGES[config >> 9 & 7]
        self._due_s = now_s + self._cycle_s if mode & 3 else None

    def update(self, now_s: float, message: Message, sensed: Load) -> Answer:
        """Name a register, write it, or read it."""
        self._convert(now_s, sensed)
        if message.read_bytes is not None:
            return padded(self._read().to_bytes(2, "big"), message.read_bytes)
        if message.data:
            self._pointer = message.data[0]
        if len(message.data) == 3:
            self._write(now_s, int.from_bytes(message.data[1:], "big"))
        return SILENCE if len(message.data) > 3 else TAKEN

    def _convert(self, now_s: float, load: Load) -> None:
        if self._due_s is None or now_s < self._due_s:
            return
        mode = self._registers[CONFIG] & 7
        cycles = (now_s - self._due_s) // self._cycle_s + 1
        self._due_s = self._due_s + cycles * self._cycle_s if mode in CONTINUOUS else None
        registers = self._registers
        if mode & SHUNT_MODE:
            counts = round(load.current_a * self._shunt_ohm / SHUNT_LSB_V)
            registers[SHUNT] = min(max(counts, -0x8000), 0x7FFF) & 0xFFFF
        if mode & BUS_MODE:
            registers[BUS] = min(max(round(load.voltage_v / BUS_LSB_V), 0), 0x7FFF)
        self._calculate()
        registers[MASK] |= CONVERSION_READY

    def _calculate(self) -> None:
        """Current and power as the chip computes them, cut off to whole counts."""
        registers = self._registers
        current = int(_signed(registers[SHUNT]) * registers[CALIBRATION] / 2048)
        power = abs(current) * registers[BUS] // 20_000
        overflow = not -0x8000 <= current <= 0x7FFF or power > 0xFFFF
        registers[CURRENT] = current & 0xFFFF
        registers[POWER] = power & 0xFFFF
        registers[MASK] = registers[MASK] & ~OVERFLOW | OVERFLOW * overflow

    def _read(self) -> int:
        if self._pointer in IDS:
            return IDS[self._pointer]
        value = self._registers.get(self._pointer, 0)
        if self._pointer == MASK:
            self._registers[MASK] &= ~CONVERSION_READY
        return value

    def _write(self, now_s: float, value: int) -> None:
        if self._pointer not in WRITABLE:
            return
        if self._pointer == CONFIG and value & RESET_BIT:
            self._reset(now_s)
            return
        if self._pointer == CALIBRATION:
            value &= 0x7FFF
        self._registers[self._pointer] = value
        if self._pointer == CONFIG:
            self._registers[MASK] &= ~CONVERSION_READY
            self._begin(now_s)


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
