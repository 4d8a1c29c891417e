"""Fans: switched by an output line, with a tachometer that pulses while they turn.

Fault `fan-stalled:<fan>` (in `State.faults`): it is on and does not turn.
"""

from collections.abc import Callable, Container

import msgspec

FAN_STALLED = "fan-stalled"
"""Name of the fault in the world, with the fan's name, that stops it from turning."""


class Fan(msgspec.Struct):
    on: bool = False
    """Its output line."""


class Fans:
    """The fans by name."""

    def __init__(
        self, fans: dict[str, Fan], faults: Container[str], save: Callable[[], None]
    ) -> None:
        self._fans = fans
        self._faults = faults
        self._save = save

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._fans)

    def is_on(self, name: str) -> bool:
        return self._fans[name].on

    def is_turning(self, name: str) -> bool:
        """What the tachometer tells."""
        return self._fans[name].on and f"{FAN_STALLED}:{name}" not in self._faults

    @property
    def any_turning(self) -> bool:
        return any(map(self.is_turning, self._fans))

    def switch(self, name: str, *, on: bool) -> None:
        if self._fans[name].on != on:
            self._fans[name].on = on
            self._save()
