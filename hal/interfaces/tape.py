"""Capabilities of a tape unit: a changer of cartridges, and a drive that streams tape files."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class TapeInventory:
    """Where every cartridge is, as the unit says. Barcode, or "" for one without."""

    slots: dict[str, str | None] = field(default_factory=dict)
    """Slot name (``t01`` up) to barcode; `None` for an empty slot."""
    drives: dict[str, str | None] = field(default_factory=dict)
    """Drive name to the barcode of the cartridge in it."""
    home_slots: dict[str, str] = field(default_factory=dict)
    """Drive name to the slot that its cartridge came from, where the unit knows."""


@runtime_checkable
class TapeChanger(Protocol):
    @property
    def slots(self) -> tuple[str, ...]: ...

    @property
    def drives(self) -> tuple[str, ...]: ...

    async def inventory(self) -> TapeInventory: ...

    async def load(self, slot: str, drive: str) -> None:
        """Have the slot's cartridge in the drive. Done already is no error.

        Raises:
            HalError: 2140 slot empty, 2141 drive has another cartridge, 2142 the move failed.
        """
        ...

    async def unload(self, drive: str, slot: str) -> None:
        """Have the drive empty and its cartridge in the slot. Raises as `load`."""
        ...


@dataclass(frozen=True, slots=True)
class TapeStatus:
    online: bool
    file_number: int
    """Tape file that the head stands at, from 0; -1 when not known."""
    block_number: int
    write_protected: bool = False
    at_end_of_data: bool = False
    density: str = ""
    """Such as ``LTO-7``."""


@runtime_checkable
class TapeDrive(Protocol):
    """One drive. A tape file is what stands between two file marks; files count from 0."""

    @property
    def name(self) -> str: ...

    async def status(self) -> TapeStatus: ...

    async def append(self, chunks: AsyncIterable[bytes | memoryview]) -> int:
        """Write one tape file behind the last; its number.

        When `chunks` raises, or the call is cancelled, the tape file is spoiled: it stays, ended.

        Raises:
            HalError: 3250 no cartridge, 3251 write-protected, 3252 write error, 3253 tape full.
        """
        ...

    def read(self, file_number: int) -> AsyncIterator[bytes]:
        """The bytes of one tape file, rounded up to whole blocks.

        Raises:
            HalError: 3250, 3254 no such tape file, 3255 read error.
        """
        ...

    async def rewind(self) -> None: ...

    async def eject(self) -> None:
        """Rewind and let the cartridge go, so that the changer can take it."""
        ...
