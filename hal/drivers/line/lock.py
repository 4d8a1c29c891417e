"""Electric locks: an output draws the bolt, a spring lets it out; a contact tells where it is."""

import asyncio
import contextlib

from hal.drivers.line.state import ask, is_switched_on, state_of, switch
from hal.errors import HalError
from hal.transports.interfaces import InputLine, OutputLine

PATIENCE_S = 2.0
POLL_S = 0.02


class BoltLock:
    """`Lock` with a bolt contact.

    `bolt` is active while the bolt is out. `release` is energised from `ensure_unlocked` until
    `ensure_locked`; whatever fails or is cancelled on the way leaves it without power.
    """

    verified = "simulator"

    def __init__(
        self, name: str, *, bolt: InputLine, release: OutputLine, patience_s: float = PATIENCE_S
    ) -> None:
        self._name = name
        self._bolt = bolt
        self._release = release
        self._patience_s = patience_s

    @property
    def name(self) -> str:
        return self._name

    def is_bolted(self) -> bool:
        """Raises `HalError`: 1020 the contact cannot be read; 1010 to 1014 its expander cannot."""
        return state_of(self._bolt, self._name)

    async def ensure_unlocked(self) -> None:
        """Draw the bolt; returns when its contact says so. The output stays energised.

        Raises:
            HalError: 2120 the bolt does not move; 1020, 1021, 1010 to 1014 a line. In every case
                the lock is de-energised.
        """
        try:
            await switch(self._release, self._name, on=True)
            await self._wait_until(bolted=False)
        except BaseException:  # a cancelled call must not leave a lock open either
            with contextlib.suppress(HalError):
                await switch(self._release, self._name, on=False)
            raise

    async def ensure_locked(self) -> None:
        """Let the bolt out; returns when its contact says so. Raises as `ensure_unlocked`."""
        await switch(self._release, self._name, on=False)
        await self._wait_until(bolted=True)

    async def _wait_until(self, *, bolted: bool) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._patience_s
        while await ask(self._bolt, self._name) != bolted:
            if loop.time() >= until_s:
                where = "drawn" if bolted else "out"
                raise HalError(2120, f"the bolt of {self._name} does not move", f"it stays {where}")
            await asyncio.sleep(POLL_S)


class Latch:
    """`Lock` without a contact, such as that of a magazine: only what its output does is known."""

    verified = "simulator"

    def __init__(self, name: str, *, release: OutputLine) -> None:
        self._name = name
        self._release = release
        self._released: bool | None = None

    @property
    def name(self) -> str:
        return self._name

    def is_bolted(self) -> bool:
        """Whether its output is off, as the chip said when it was last told or asked (`refresh`).

        Raises:
            HalError: 1020 the chip has not been asked yet, or could not be.
        """
        if self._released is None:
            raise HalError(1020, f"the line of {self._name} cannot be read", "not asked yet")
        return not self._released

    async def refresh(self) -> None:
        """Ask the chip what it drives. Raises `HalError`: 1020, 1010 to 1014."""
        self._released = None
        self._released = await is_switched_on(self._release, self._name)

    async def ensure_unlocked(self) -> None:
        """Energise. Raises `HalError`: 2120 the output does not follow, 1021, 1010 to 1014."""
        await self._switch(on=True)

    async def ensure_locked(self) -> None:
        """Let the spring close it. Raises as `ensure_unlocked`."""
        await self._switch(on=False)

    async def _switch(self, *, on: bool) -> None:
        self._released = None
        await switch(self._release, self._name, on=on)
        await self.refresh()
        if self._released != on:
            raise HalError(2120, f"the latch of {self._name} does not follow its order")
