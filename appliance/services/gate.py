"""A gate that is open unless somebody has a reason to close it."""

import asyncio
from collections.abc import Callable


class Gate:
    """Closed while at least one reason stands. A reason is a short word for the operator, such as
    ``door:front``, ``smoke``, ``climate``; closing or opening twice for one reason is once."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._reasons: dict[str, None] = {}
        self._open = asyncio.Event()
        self._open.set()
        self._shut = asyncio.Event()
        self._changed = changed

    @property
    def reasons(self) -> tuple[str, ...]:
        """What keeps it closed, oldest first; empty when it is open."""
        return tuple(self._reasons)

    @property
    def is_open(self) -> bool:
        return not self._reasons

    def close(self, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons[reason] = None
            self._open.clear()
            self._shut.set()
            self._changed()

    def open(self, reason: str) -> None:
        """Withdraw a reason."""
        if reason in self._reasons:
            del self._reasons[reason]
            if not self._reasons:
                self._shut.clear()
                self._open.set()
            self._changed()

    async def passed(self) -> None:
        """Return as soon as it is open."""
        while self._reasons:
            await self._open.wait()

    async def closed(self) -> None:
        """Return as soon as there is a reason not to pass."""
        while not self._reasons:
            await self._shut.wait()
