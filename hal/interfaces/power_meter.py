"""Capability: electric power taken by the cabinet or a part of it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Power:
    voltage_v: float
    current_a: float
    power_w: float


@runtime_checkable
class PowerMeter(Protocol):
    @property
    def name(self) -> str: ...

    async def read(self) -> Power:
        """Measure now.

        Raises:
            HalError: 1010 to 1014.
        """
        ...
