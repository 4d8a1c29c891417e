"""Capability: a powered, locked place of one hard disk, and the file system on that disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class DiskHealth:
    """What the disk says of itself (SMART). Unset where it does not say."""

    serial: str
    model: str
    capacity_bytes: int
    passed: bool
    """The disk's own verdict."""
    temperature_c: int | None = None
    power_on_hours: int | None = None
    load_cycles: int | None = None
    reallocated: int | None = None
    """Attribute 05."""
    pending: int | None = None
    """Attribute C5."""
    uncorrectable: int | None = None
    """Attribute C6."""
    crc_errors: int | None = None
    """Attribute C7."""
    power_cycles: int | None = None


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """The room of a mounted file system for files, and how much of it is free."""

    capacity_bytes: int
    free_bytes: int


@runtime_checkable
class DiskBay(Protocol):
    """One bay. Calls are idempotent moves to a state."""

    @property
    def name(self) -> str: ...

    async def is_present(self) -> bool:
        """Whether a disk is in the bay, by the bay's sensor. Works without power on the disk."""
        ...

    async def is_powered(self) -> bool: ...

    async def is_held(self) -> bool:
        """Whether the tray is closed and locked, by its own feedback."""
        ...

    async def ensure_on(self) -> None:
        """Power on; returns when the disk answers. Staggering several is the caller's part.

        Raises:
            HalError: 3240 no disk, 3241 it does not come up, 3245 the tray is not closed.
        """
        ...

    async def ensure_off(self) -> None:
        """Unmount, spin down, power off. No error when off already or empty.

        Raises:
            HalError: 3242 the file system is in use and cannot be unmounted.
        """
        ...

    async def ensure_released(self) -> None:
        """Power off and let the tray go, so that a person can pull it.

        Raises:
            HalError: 3242 in use, 3246 the latch does not move.
        """
        ...

    async def ensure_held(self) -> None:
        """Lock the tray. Raises: HalError: 3245 it is not closed."""
        ...

    async def health(self) -> DiskHealth:
        """Ask the disk, which must be on.

        Raises:
            HalError: 3240, 3243 the disk does not answer SMART, 1040 to 1043 the command.
        """
        ...

    async def ensure_mounted(self) -> Path:
        """Have the disk's file system mounted, powering on if needed; its root folder.

        Raises:
            HalError: 3240, 3241, 3244 no file system that can be mounted.
        """
        ...

    async def room(self) -> DiskRoom:
        """How much room the disk's file system has. The disk must be on; it is mounted if need be.

        Raises:
            HalError: 3243 the disk is not on; 3244 it cannot be mounted; 1040 to 1043 the command.
        """
        ...

    async def ensure_formatted(self, label: str) -> Path:
        """As `ensure_mounted`, but give a blank disk a file system of that name first.

        Raises:
            HalError: as `ensure_mounted`, 3247 the disk is neither mountable nor blank: nothing
                was written; 3248 the file system cannot be made.
        """
        ...
