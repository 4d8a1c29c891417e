"""Capability: burn one disc from a stream, and read it back by sector."""

from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

SECTOR_BYTES = 2048


class DiscStatus(StrEnum):
    ABSENT = "absent"
    BLANK = "blank"
    APPENDABLE = "appendable"
    CLOSED = "closed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Disc:
    """What the drive says about the disc in it."""

    status: DiscStatus
    profile: str = ""
    """In the drive's words, such as ``BD-R sequential recording``."""
    capacity_bytes: int | None = None
    """Bytes that this very disc can still take; unknown for a closed one."""
    written_bytes: int | None = None
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class BurnProgress:
    bytes_written: int
    bytes_total: int
    speed_bytes_per_s: float | None
    fifo_pct: int | None = None
    buffer_pct: int | None = None


@dataclass(frozen=True, slots=True)
class BurnResult:
    bytes_written: int
    seconds: float


@runtime_checkable
class BlockReader(Protocol):
    """An open disc, read by byte range. Counts what it delivered."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def bytes_read(self) -> int: ...

    async def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; fewer only at the end of the disc.

        Raises:
            HalError: 32xx the sector cannot be read; `detail` has the byte offset.
        """
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class OpticalDrive(Protocol):
    """One drive. Calls are idempotent but for `burn`, which refuses a disc that is not blank."""

    @property
    def name(self) -> str: ...

    async def open_tray(self) -> None: ...

    async def close_tray(self) -> None: ...

    async def disc(self) -> Disc:
        """Ask the drive what disc is in it. `ABSENT` when the tray is open or empty."""
        ...

    async def wait_idle(self, timeout_s: float) -> None:
        """Return when no burn is under way, also none that this process did not start."""
        ...

    async def burn(
        self,
        image: AsyncIterable[bytes | memoryview],
        size_bytes: int,
        *,
        speed: float | None = None,
        on_progress: Callable[[BurnProgress], None] | None = None,
    ) -> BurnResult:
        """Write `size_bytes` from `image` to the blank disc in the drive and close the disc.

        `speed` is a multiple of the medium's base speed; unset means the drive's own choice. When
        `image` raises, or the call is cancelled, the burn is ended, the disc is spoiled, and the
        exception goes on.

        Raises:
            HalError: 32xx no disc, not blank, too small, write error, drive gone.
        """
        ...

    async def open_reader(self) -> BlockReader: ...
