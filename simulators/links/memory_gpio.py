"""A cabinet's digital lines in the same event loop, in the shape of the firmware's transports."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from simulators.links.gpio import GpioWire


class MemoryGpio:
    """The lines in the same event loop, in the shape of the firmware's `GpioLines`."""

    def __init__(self, wire: GpioWire) -> None:
        self._wire = wire
        self._open: list[MemoryInput] = []

    def input(self, number: int, *, active_high: bool = False) -> "MemoryInput":
        """Set up an input with pull-up. Raises OSError: there is no such line."""
        with _as_os_error():
            self._wire.setup(number, output=False)
        line = MemoryInput(self._wire, number, active_high=active_high)
        self._open.append(line)
        return line

    def output(self, number: int, *, active_high: bool = True) -> "MemoryOutput":
        """Set up an output, not active. Raises OSError: there is no such line."""
        with _as_os_error():
            self._wire.setup(number, output=True)
            self._wire.drive(number, int(not active_high))
        return MemoryOutput(self._wire, number, active_high=active_high)

    def close(self) -> None:
        for line in self._open:
            line.close()
        self._open.clear()


class MemoryInput:
    """One input."""

    def __init__(self, wire: GpioWire, number: int, *, active_high: bool) -> None:
        self._wire = wire
        self._number = number
        self._active_high = active_high
        self._changed: Callable[[bool], None] | None = None

    def is_active(self) -> bool:
        """Raises OSError: the cabinet has no power."""
        return bool(self._wire.level(self._number)) == self._active_high

    async def read(self) -> bool:
        return self.is_active()

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Call `changed` at each change."""
        if self._changed is None:
            self._wire.watch(self._number, self._tell)
        self._changed = changed

    def _tell(self, level: int) -> None:
        if self._changed:
            asyncio.get_running_loop().call_soon(self._changed, bool(level) == self._active_high)

    def close(self) -> None:
        self._wire.unwatch(self._number, self._tell)


class MemoryOutput:
    """One output."""

    def __init__(self, wire: GpioWire, number: int, *, active_high: bool) -> None:
        self._wire = wire
        self._number = number
        self._active_high = active_high

    async def set(self, active: bool) -> None:
        with _as_os_error():
            self._wire.drive(self._number, int(active == self._active_high))

    async def is_set(self) -> bool:
        return bool(self._wire.level(self._number)) == self._active_high

    def close(self) -> None:
        """Let go: the line becomes an input, and the board's resistor holds the device off."""
        with contextlib.suppress(OSError):
            self._wire.setup(self._number, output=False, pull="floating")


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """Say as the firmware's own links do that a line cannot be used."""
    try:
        yield
    except ValueError as error:
        raise OSError(str(error)) from error
