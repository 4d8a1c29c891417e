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

    async def load(self, slot: str, drive: str) -> None:
        """Take the medium from the slot and lay it on the drive's tray, which must be open.

        If the gripper already holds a medium, it is the one from `slot` and goes to the drive.

        Raises:
            HalError: 21xx slot empty, medium lost on the way, gripper jammed.
        """
        ...

    async def unload(self, drive: str, slot: str) -> None:
        """Take the medium from the drive's open tray and put it into the slot.

        If the gripper already holds a medium, it goes to the slot.
        """
        ...

    async def hold(self) -> None:
        """Stop all motion at once, keeping position (feed hold)."""
        ...

    async def resume(self) -> None: ...

    async def aclose(self) -> None: ...
