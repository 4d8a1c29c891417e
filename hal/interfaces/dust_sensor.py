"""Capability: dust in the air."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Dust:
    """Mass of particles up to so many micrometres, in micrograms a cubic metre."""

    pm1_ug_m3: float
    pm2_5_ug_m3: float
    pm4_ug_m3: float
    pm10_ug_m3: float
    typical_size_um: float


@runtime_checkable
class DustSensor(Protocol):
    @property
    def name(self) -> str: ...

    async def read(self) -> Dust:
        """The newest measurement; starts measuring, and waits for the first one, when needed.

        Raises:
            HalError: 1010 to 1014, as for other sensors on a bus; 1015 it brings no new value.
        """
        ...

    async def clean(self) -> None:
        """Blow the sensor's fan clean; takes about ten seconds."""
        ...
