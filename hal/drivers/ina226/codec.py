"""Registers of an INA226 and what they mean. Pure. PROTOCOL.md names the sources."""

from dataclasses import dataclass

from hal.errors import HalError
from hal.interfaces.power_meter import Power

CONFIG = 0x00
BUS_VOLTAGE = 0x02
POWER = 0x03
CURRENT = 0x04
CALIBRATION = 0x05
MASK_ENABLE = 0x06
MANUFACTURER = 0xFE
DIE = 0xFF

TEXAS_INSTRUMENTS = 0x5449
INA226 = 0x2260
REVISION_BITS = 0x000F
CONVERSION_READY = 1 << 3

CONTINUOUS = 0x4527
"""Shunt and bus in turn, 1.1 ms each, the mean of 16: a new value each 35.2 ms."""
CONVERSION_S = 0.0352 * 1.1
"""The chip's own clock may be 10 % slow."""

BUS_LSB_V = 0.00125
SHUNT_MAX_V = 0.08192
POWER_LSB_OF_CURRENT = 25
_SCALE = 0.00512
_CALIBRATION_MAX = 0x7FFF
_AGREEMENT = 0.02
_POWER_DIVISOR = 20_000
"""Power register = current register x bus register / 20,000."""


@dataclass(frozen=True, slots=True)
class Shunt:
    """The resistor that current flows through, and the current that one count means."""

    resistance_ohm: float
    current_lsb_a: float

    @property
    def calibration(self) -> int:
        """What register 05 has to hold.

        Raises:
            ValueError: it does not fit into the register.
        """
        value = round(_SCALE / (self.current_lsb_a * self.resistance_ohm))
        if not 0 < value <= _CALIBRATION_MAX:
            raise ValueError(f"no calibration for {self}: {value}")
        return value


@dataclass(frozen=True, slots=True)
class Counts:
    """What the registers of one conversion hold."""

    bus: int
    current: int
    power: int

    @property
    def agree(self) -> bool:
        """Whether they can be of one conversion of one chip."""
        expected = abs(self.current) * self.bus / _POWER_DIVISOR
        return abs(self.power - expected) <= 2 + _AGREEMENT * max(self.power, expected)

    def power_at(self, shunt: Shunt) -> Power:
        return Power(
            voltage_v=self.bus * BUS_LSB_V,
            current_a=self.current * shunt.current_lsb_a,
            power_w=self.power * POWER_LSB_OF_CURRENT * shunt.current_lsb_a,
        )


def encode_write(register: int, value: int) -> bytes:
    return bytes([register]) + value.to_bytes(2, "big")


def decode_word(data: bytes, chip: str) -> int:
    """Raises `HalError`: 1014 not two bytes."""
    if len(data) != 2:
        raise HalError(1014, f"{chip} answered too little", data.hex())
    return int.from_bytes(data, "big")


def signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
