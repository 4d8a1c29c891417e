"""Capability: a fan that says whether it turns."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Fan(Protocol):
    @property
    def name(self) -> str: ...

    async def ensure_running(self, on: bool) -> None:
        """Switch it; returns when its tachometer agrees.

        Raises:
            HalError: 2121 it is on and does not turn.
        """
        ...

    def is_turning(self) -> bool: ...
