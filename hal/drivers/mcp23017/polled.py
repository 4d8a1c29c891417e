"""Lines of an expander for those who want to be told of changes: it is asked again and again.

`GpioLines` over one chip, so that a door's contact or lock hangs on an expander as it hangs on the
computer's own lines. All inputs of the chip share one transfer a round.
"""

import asyncio
import contextlib
from collections.abc import Callable

from hal.drivers.mcp23017.driver import Expander
from hal.drivers.mcp23017.pin import ExpanderPin
from hal.errors import HalError

POLL_S = 0.05
STALE_S = 1.0
"""What was read longer ago is no state any more: the bus hangs."""


class PolledLines:
    """`GpioLines` over an expander. Polling begins with the first input, or, when that was made
    outside of an event loop, with the first question or watcher. Until the first round is over,
    some milliseconds later, no input has a state."""

    def __init__(self, expander: Expander, *, poll_s: float = POLL_S) -> None:
        self._expander = expander
        self._poll_s = poll_s
        self._inputs: list[PolledInput] = []
        self._task: asyncio.Task[None] | None = None
        self._levels: int | HalError | None = None
        self._read_at_s = 0.0

    def input(self, number: int, *, active_high: bool = False) -> "PolledInput":
        """Raises `OSError`: the line is an output."""
        line = PolledInput(self, self._expander, number, active_high=active_high)
        self._inputs.append(line)
        with contextlib.suppress(RuntimeError):  # made before the loop runs: at the first question
            self.ensure_polling()
        return line

    def output(self, number: int, *, active_high: bool = True) -> ExpanderPin:
        """Raises `OSError`: the line is an input. It keeps what it drives until it is set."""
        pin = self._expander.pin(number, active_high=active_high)
        if not pin.is_output:
            raise OSError(f"line {number} of {self._expander.name} is an input")
        return pin

    def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def levels(self) -> int:
        """The sixteen levels of the latest round.

        Raises:
            HalError: 1020 there was none yet or it is too long ago; 1010 to 1014 it failed.
        """
        self.ensure_polling()
        if isinstance(self._levels, HalError):
            raise self._levels
        age_s = asyncio.get_running_loop().time() - self._read_at_s
        if self._levels is None or age_s > STALE_S + self._poll_s:
            raise HalError(1020, f"{self._expander.name} has not been read for now")
        return self._levels

    def ensure_polling(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(
                self._poll(), name=f"poll {self._expander.name}"
            )

    def drop(self, line: "PolledInput") -> None:
        with contextlib.suppress(ValueError):
            self._inputs.remove(line)

    async def refresh(self) -> int:
        """Ask the chip now, and tell whoever watches; the sixteen levels.

        Raises:
            HalError: 1010 to 1014.
        """
        try:
            levels = (await self._expander.read()).levels
        except HalError as error:
            self._levels = error
            raise
        self._levels = levels
        self._read_at_s = asyncio.get_running_loop().time()
        for line in list(self._inputs):
            line.take(levels)
        return levels

    async def _poll(self) -> None:
        while True:
            with contextlib.suppress(HalError):  # kept: whoever asks is told
                await self.refresh()
            await asyncio.sleep(self._poll_s)


class PolledInput:
    """`InputLine` of an expander."""

    def __init__(
        self, lines: PolledLines, expander: Expander, number: int, *, active_high: bool
    ) -> None:
        if expander.pin(number, active_high=active_high).is_output:
            raise OSError(f"line {number} of {expander.name} is an output")
        self._lines = lines
        self._bit = 1 << number
        self._active_high = active_high
        self._told: bool | None = None
        self._changed: Callable[[bool], None] | None = None

    def is_active(self) -> bool:
        return self._active(self._lines.levels())

    async def read(self) -> bool:
        return self._active(await self._lines.refresh())

    def watch(self, changed: Callable[[bool], None]) -> None:
        """As `InputLine`. The state of the first round is told too when it is active: nobody can
        have known it. What changed while the chip was not to be read is told when it is again."""
        self._changed = changed
        self._lines.ensure_polling()

    def close(self) -> None:
        self._changed = None
        self._lines.drop(self)

    def take(self, levels: int) -> None:
        """Take in a round's levels and tell the watcher of a change."""
        active = self._active(levels)
        told, self._told = self._told, active
        if self._changed is not None and active != bool(told):
            self._changed(active)

    def _active(self, levels: int) -> bool:
        return bool(levels & self._bit) == self._active_high
