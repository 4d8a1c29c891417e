"""Bytes of an SPS30 and what they mean. Pure. PROTOCOL.md names the sources."""

import math
import struct
from dataclasses import dataclass

from hal.drivers import sensirion
from hal.errors import HalError
from hal.interfaces.dust_sensor import Dust

START = sensirion.encode_command(0x0010, 0x0300)
"""Measure, values as big-endian floats."""
STOP = sensirion.encode_command(0x0104)
DATA_READY = sensirion.encode_command(0x0202)
READ = sensirion.encode_command(0x0300)
CLEAN = sensirion.encode_command(0x5607)
STATUS = sensirion.encode_command(0xD206)
"""Firmware 2.2 and later."""

READY_BYTES = sensirion.WORD_BYTES
STATUS_BYTES = 2 * sensirion.WORD_BYTES
VALUES = 10
MEASURED_BYTES = 2 * VALUES * sensirion.WORD_BYTES

_LASER = 1 << 5
_FAN = 1 << 4
_FAN_SPEED = 1 << 21

MASS_MAX_UG_M3 = 100_000.0
"""A hundred times what the sensor can measure (1000): no dust, a fault."""


@dataclass(frozen=True, slots=True)
class Status:
    laser_failed: bool
    fan_blocked: bool
    fan_speed_wrong: bool

    def __str__(self) -> str:
        names = ("laser_failed", "fan_blocked", "fan_speed_wrong")
        return ", ".join(name.replace("_", " ") for name in names if getattr(self, name)) or "good"

    @property
    def spoils_values(self) -> bool:
        return self.laser_failed or self.fan_blocked


def decode_ready(data: bytes, sensor: str) -> bool:
    """Whether a measurement waits that was not read yet. Raises `HalError`: 1012, 1014."""
    words = _words(data, READY_BYTES, sensor)
    return words[1] == 1


def decode_status(data: bytes, sensor: str) -> Status:
    """Raises `HalError`: 1012, 1014."""
    bits = int.from_bytes(_words(data, STATUS_BYTES, sensor), "big")
    return Status(bool(bits & _LASER), bool(bits & _FAN), bool(bits & _FAN_SPEED))


def decode_dust(data: bytes, sensor: str) -> Dust:
    """Raises `HalError`: 1012, 1014; 1018 not a number, negative or beyond all dust."""
    values = struct.unpack(f">{VALUES}f", _words(data, MEASURED_BYTES, sensor))
    if not all(math.isfinite(value) and 0 <= value <= MASS_MAX_UG_M3 for value in values):
        raise HalError(1018, f"{sensor} tells what cannot be", str(values))
    return Dust(
        pm1_ug_m3=values[0],
        pm2_5_ug_m3=values[1],
        pm4_ug_m3=values[2],
        pm10_ug_m3=values[3],
        typical_size_um=values[9],
    )


def _words(data: bytes, length: int, sensor: str) -> bytes:
    if len(data) != length:
        raise HalError(1014, f"{sensor} answered too little", f"{len(data)} bytes of {length}")
    return sensirion.decode_words(data, sensor)
