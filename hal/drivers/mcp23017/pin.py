"""One line of an expander by itself: each call is asked of, or told to, the chip."""

from typing import Protocol

from hal.drivers.mcp23017.codec import LINES, State


class Lines(Protocol):
    @property
    def outputs(self) -> int: ...

    async def read(self) -> State: ...

    async def write(self, levels: int, mask: int) -> None: ...


class ExpanderPin:
    """`OutputLine`, when it is one of the chip's outputs, or an input to be asked.

    Calls raise `HalError` 1010 to 1014. Who wants to be told of changes polls with
    `hal.drivers.mcp23017.polled`.
    """

    def __init__(self, expander: Lines, number: int, *, active_high: bool) -> None:
        if not 0 <= number < LINES:
            raise ValueError(f"an expander has lines 0 to {LINES - 1}, not {number}")
        self._expander = expander
        self._bit = 1 << number
        self._active_high = active_high

    @property
    def is_output(self) -> bool:
        return bool(self._expander.outputs & self._bit)

    async def is_active(self) -> bool:
        """How an input stands; what an output is told to drive."""
        state = await self._expander.read()
        word = state.latches if self.is_output else state.levels
        return bool(word & self._bit) == self._active_high

    async def is_set(self) -> bool:
        return await self.is_active()

    async def set(self, active: bool) -> None:
        """Raises `ValueError` when the line is an input."""
        if not self.is_output:
            raise ValueError("an input cannot be set")
        await self._expander.write(self._bit if active == self._active_high else 0, self._bit)

    def close(self) -> None:
        """Nothing to let go of: the chip keeps driving."""
