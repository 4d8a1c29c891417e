"""Doors of a cabinet: wing, key switch, spring-locked bolt.

The lock's coil draws the bolt while it has current; without current a spring pushes the
bolt out. The bolt is a slam latch: a wing can be closed over it. Whether a person may open
a door is decided here, by the bolt; who may energise the coil is the firmware's affair.

Fault `stuck-bolt:<door>` (in `State.faults`): the bolt stays where it is.
"""

from collections.abc import Callable, Container

import msgspec

STUCK_BOLT = "stuck-bolt"
"""Name of the fault in the world, with the door's name, that keeps a bolt where it is."""


class DoorError(Exception):
    """A door does not do what somebody wants of it; the text says why."""


class Door(msgspec.Struct):
    """One door, as it stands."""

    is_open: bool = False
    """The wing. The door's contact tells this."""
    key_turned: bool = False
    """The mechanical key is in its switch and turned."""
    bolt_out: bool = True
    """The bolt's own contact tells this; out means locked."""
    coil_on: bool = False
    """Current in the lock: the firmware's output line."""
    forced: bool = False
    """It was opened by force since somebody last closed it."""

    @property
    def is_locked(self) -> bool:
        """Closed with the bolt out."""
        return self.bolt_out and not self.is_open


class Doors:
    """The doors by name. Every change is saved and told to the world's listeners."""

    def __init__(
        self, doors: dict[str, Door], faults: Container[str], save: Callable[[], None]
    ) -> None:
        self._doors = doors
        self._faults = faults
        self._save = save

    def __getitem__(self, name: str) -> Door:
        """Raises DoorError for a door that is not there."""
        if name not in self._doors:
            known = ", ".join(self._doors) or "none"
            raise DoorError(f"there is no door {name!r}; there is: {known}")
        return self._doors[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._doors)

    def open(self, name: str) -> None:
        """Open the wing, as a hand does. No error when it is open.

        Raises:
            DoorError: the bolt is out.
        """
        door = self[name]
        if door.is_locked:
            raise DoorError(f"door {name} is locked")
        door.is_open = True
        self._save()

    def close(self, name: str) -> None:
        """Close the wing; the latch slips over the bolt. No error when it is closed."""
        door = self[name]
        door.is_open = False
        door.forced = False
        self._save()

    def force(self, name: str) -> None:
        """Open the wing although the bolt is out. No error when it is open."""
        door = self[name]
        door.forced = door.forced or door.is_locked
        door.is_open = True
        self._save()

    def turn_key(self, name: str, *, turned: bool) -> None:
        self[name].key_turned = turned
        self._save()

    def set_coil(self, name: str, *, on: bool) -> None:
        """Switch the lock's current; the bolt follows unless it is stuck."""
        door = self[name]
        if (door.coil_on, door.bolt_out) == (on, not on):
            return
        door.coil_on = on
        self.settle(name)

    def settle(self, name: str) -> None:
        """Let the bolt go where the coil wants it; to be called when a stuck bolt comes free."""
        door = self[name]
        if f"{STUCK_BOLT}:{name}" not in self._faults:
            door.bolt_out = not door.coil_on
        self._save()
