"""What the drivers need of a link. A simulator's in-memory links have the same shape."""

from collections.abc import AsyncIterator
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
