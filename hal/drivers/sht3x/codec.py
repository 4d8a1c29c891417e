"""Bytes of an SHT3x and what they mean. Pure. PROTOCOL.md names the sources."""

from dataclasses import dataclass

from hal.drivers import sensirion
from hal.errors import HalError
from hal.interfaces.climate_sensor import Climate

MEASURE = sensirion.encode_command(0x2400)
"""Single shot, high repeatability, without stretching the clock."""
MEASURED_BYTES = 2 * sensirion.WORD_BYTES
MEASURE_S = 0.0155
"""The longest that a measurement of high repeatability takes."""
SOFT_RESET = sensirion.encode_command(0x30A2)
RESET_S = 0.0015
_FULL = 0xFFFF


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement as the sensor counts it."""

    temperature_raw: int
    humidity_raw: int

    @property
    def climate(self) -> Climate:
        return Climate(
            temperature_c=-45 + 175 * self.temperature_raw / _FULL,
            humidity_pct=100 * self.humidity_raw / _FULL,
        )


def decode_sample(data: bytes, sensor: str) -> Sample:
    """Raises `HalError`: 1012 a checksum is wrong, 1014 too short."""
    words = sensirion.decode_words(data[:MEASURED_BYTES], sensor)
    if len(words) < 4:
        raise HalError(1014, f"{sensor} answered too little", data.hex())
    return Sample(int.from_bytes(words[:2], "big"), int.from_bytes(words[2:], "big"))
