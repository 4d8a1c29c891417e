"""Capability: move media between slots and drives."""

from enum import StrEnum
from typing import Protocol, runtime_checkable


class ChangerState(StrEnum):
    UNKNOWN = "unknown"
    """Not homed since power came: the position cannot be trusted."""
    HOMING = "homing"
    IDLE = "idle"
    MOVING = "moving"
    HELD = "held"
    ALARM = "alarm"
    UNAVAILABLE = "unavailable"


class Place(StrEnum):
    """Where a medium is, as far as the hardware can tell."""

    SLOT = "slot"
    DRIVE = "drive"
    GRIPPER = "gripper"
    NOWHERE = "nowhere"
    """Neither in the gripper nor where it was looked for."""


@runtime_checkable
class Changer(Protocol):
    """A robot that holds at most one medium. Only one call may be under way at a time.

    Every call is an idempotent move to a state, waits until that state holds, and homes the robot
    first if its position is not known. A medium is only ever in a slot, in a drive, or in the
    gripper, and the hardware can be asked which.
    """

    @property
    def state(self) -> ChangerState: ...

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of all slots, in inventory order."""
        ...

    @property
    def drives(self) -> tuple[str, ...]: ...

    async def ensure_ready(self) -> None:
        """Connect, clear a lock that may safely be cleared, home.

        Raises:
            HalError: 10xx no answer, 20xx alarm that needs a person.
        """
        ...

    async def holds_medium(self) -> bool:
        """Ask the gripper's sensor, not the memory."""
        ...

    async def probe(self, slot: str) -> bool:
        """Whether a medium stands in the slot, by touching it. The gripper must be empty."""
        ...

    async def where_is(self, slot: str, drive: str | None = None) -> Place:
        """Ask the hardware where the medium of `slot` is: gripper, slot, or on the drive's tray.

        Without `drive`, drives are not asked. With it, its tray must be open.
        """
        ...

    async def load(self, slot: str, drive: str) -> None:
        """Take the medium from the slot and lay it on the drive's open, empty tray.

        If the gripper already holds a medium, it is the one from `slot` and goes to the drive. If
        the slot is empty and the tray has a medium, it has been loaded before.

        Raises:
            HalError: 21xx slot empty, medium lost on the way, gripper jammed.
        """
        ...

    async def unload(self, drive: str, slot: str) -> None:
        """Take the medium from the drive's open tray and put it into the slot.

        If the gripper already holds a medium, it goes to the slot. If the slot is taken and the
        tray is empty, it has been unloaded before.

        Raises:
            HalError: 21xx slot occupied, tray empty, medium lost on the way, gripper jammed.
        """
        ...

    async def hold(self) -> None:
        """Stop all motion at once, keeping position (feed hold)."""
        ...

    async def resume(self) -> None: ...

    async def aclose(self) -> None: ...


@runtime_checkable
class BreakingOff(Protocol):
    """A changer whose motion can be ended where it is, without finishing it."""

    async def break_off(self) -> None:
        """Let the call under way fail with a 20xx error; a `hold` stands on.

        The position is not known then: the next call homes.
        """
        ...
