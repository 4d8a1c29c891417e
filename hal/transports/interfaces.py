"""What the drivers need of a link. A simulator's in-memory links have the same shape."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable


@runtime_checkable
class SerialLink(Protocol):
    """A byte stream to one controller."""

    async def write(self, data: bytes) -> None:
        """Hand the bytes to the line.

        Raises:
            HalError: 1002 the line is gone (an in-memory link may raise `ConnectionError`).
        """
        ...

    async def read(self) -> bytes:
        """Wait for bytes and return at least one. Only one read at a time.

        Raises:
            HalError: 1002 the line is gone (an in-memory link may raise `ConnectionError`).
        """
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class CommandProcess(Protocol):
    """One running program."""

    async def write(self, data: bytes | memoryview) -> None:
        """Feed standard input; returns when there is room for more.

        Raises:
            BrokenPipeError: the program reads no more.
        """
        ...

    async def close_stdin(self) -> None: ...

    def lines(self) -> AsyncIterator[str]:
        r"""Standard output and error merged, split at ``\n`` and ``\r``, empty lines left out."""
        ...

    async def wait(self) -> int:
        """Return the exit code; negative for a signal."""
        ...

    def kill(self) -> None:
        """Ask the program to end (SIGTERM); asked again, end it (SIGKILL). No error if gone."""
        ...


@runtime_checkable
class CommandLine(Protocol):
    """A program that can be started with arguments; the prefix (its path) is known to the link."""

    async def start(self, *argv: str) -> CommandProcess:
        """Start the program with `argv` after the prefix.

        Raises:
            OSError: it cannot be started.
        """
        ...


@runtime_checkable
class ByteSource(Protocol):
    """One running program whose standard output is data."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Standard output as it comes."""
        ...

    async def wait(self) -> tuple[int, str]:
        """Exit code (negative for a signal), and what it said on standard error."""
        ...

    def kill(self) -> None: ...


@runtime_checkable
class ByteCommandLine(Protocol):
    """A program that brings data, such as the one that reads a tape."""

    async def start_source(self, *argv: str) -> ByteSource:
        """Start the program with `argv` after the prefix. Raises `OSError`."""
        ...


@runtime_checkable
class BlockDevice(Protocol):
    """A device or file that is read by byte range."""

    async def open(self) -> int:
        """Open for reading and return the size in bytes.

        Raises:
            OSError: ENOMEDIUM, ENOENT, ENXIO no medium; EIO medium not readable.
        """
        ...

    async def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes. Fewer at the end, or before a place that cannot be read.

        Raises:
            OSError: EIO when not even the byte at `offset` can be read.
        """
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class I2cBus(Protocol):
    """An I2C bus, shared by the drivers of everything on it. Transfers never interleave."""

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        """Write `data` (may be empty) to the 7-bit address, then, with a repeated start, read.

        Raises:
            OSError: ENXIO or EREMOTEIO nobody acknowledges there; EIO and others the bus is gone.
        """
        ...

    def exclusively(self) -> AbstractAsyncContextManager["I2cBus"]:
        """Several transfers that nobody else's come between, as a multiplexer needs.

        Inside, only the bus that it gives may be used: the outer one would wait for itself.
        """
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class InputLine(Protocol):
    """One digital input, pulled up: open reads high. `active` already has the polarity in it."""

    def is_active(self) -> bool:
        """How the line stands now, or, on an expander, at its latest round of polling.

        Raises:
            OSError: it cannot be read (on an expander HalError 1010 to 1014); an earlier state
                is never told instead.
        """
        ...

    async def read(self) -> bool:
        """Ask the line itself, now. Raises as `is_active`."""
        ...

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Call in the running event loop at each change, with the line's state. One watcher."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class OutputLine(Protocol):
    async def set(self, active: bool) -> None:
        """Have the output so.

        Raises:
            OSError: it cannot be switched (on an expander HalError 1010 to 1014).
        """
        ...

    async def is_set(self) -> bool:
        """What the chip drives now, asked of the chip. Raises as `set`."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class GpioLines(Protocol):
    """The digital lines of one chip: a computer's by their BCM number, an expander's by its pin
    (0 to 7 port A, 8 to 15 port B).

    Raises:
        OSError: the chip or the line cannot be used.
    """

    def input(self, number: int, *, active_high: bool = False) -> InputLine: ...

    def output(self, number: int, *, active_high: bool = True) -> OutputLine: ...

    def close(self) -> None: ...
