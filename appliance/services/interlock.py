"""Nothing moves while a door is open, and no door unlocks while something moves (I3).

Every motion, of a robot or of a tray, runs inside `motion()`. Whoever needs the machine
still closes the gate with a reason, so that nothing new begins, and waits for `still()`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from appliance.services.gate import Gate


class Interlock:
    """One appliance's agreement between what moves and what may be opened."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.gate = Gate(changed)
        """Closed while a door is open, or is about to be."""
        self._moving = 0
        self._still = asyncio.Event()
        self._still.set()

    @property
    def is_moving(self) -> bool:
        return self._moving > 0

    @asynccontextmanager
    async def motion(self) -> AsyncIterator[None]:
        """Wait until motion is allowed, and count as moving meanwhile.

        Between the wait and the count nothing else runs, so a gate that closes finds either no
        motion or one that is counted.
        """
        await self.gate.passed()
        self._moving += 1
        self._still.clear()
        try:
            yield
        finally:
            self._moving -= 1
            if not self._moving:
                self._still.set()

    async def still(self) -> None:
        """Return when nothing moves."""
        await self._still.wait()
