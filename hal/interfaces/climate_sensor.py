"""Capability: temperature and humidity of the air."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Climate:
    temperature_c: float
    humidity_pct: float
    """Relative humidity, 0 to 100."""


@runtime_checkable
class ClimateSensor(Protocol):
    """One sensor of temperature and humidity."""

    @property
    def name(self) -> str: ...

    async def read(self) -> Climate:
        """Measure now. Never an earlier value.

        Raises:
            HalError: 1010 bus unusable, 1011 no such device, 1012 checksum wrong, 1014 short.
        """
        ...
