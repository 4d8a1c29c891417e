"""The one truth about a simulated cabinet: where every disc is and what is on it.

A disc has one `place`, so it cannot be in two; that a place has no two discs is checked
on every move. Each change is on the host's disk before the call returns, written
beside and renamed, so a process may be killed at any point. (Not synced: a power cut
of the host itself is not modelled.) A move of the arm is recorded when it ends.

Not modelled: ageing, doors and air, discs in a magazine.
"""

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import msgspec

from simulators.world.description import Description, load_description
from simulators.world.disc import SECTOR_BYTES, Disc

GRIPPER = "gripper"
FLOOR = "floor"
OUTSIDE = "outside"
CROWDED = frozenset((FLOOR, OUTSIDE))
"""Places that can have any number of discs."""


class PlaceError(Exception):
    """A disc was to go where there is no place for it."""


class Arm(msgspec.Struct):
    """The mechanics as they really stand, in machine coordinates; jaws closed by a spring."""

    position_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    jaws_open: bool = False


class State(msgspec.Struct, forbid_unknown_fields=True):
    """All that is kept of a world."""

    profile: str
    discs: dict[str, Disc]
    open_trays: set[str] = set()
    arm: Arm = msgspec.field(default_factory=Arm)
    eeprom: dict[int, float] = {}
    """Settings of the motion controller that differ from the delivered ones."""
    faults: dict[str, dict[str, str]] = {}
    """Faults that last, by name: `simulators.faults` gives them their meaning."""


@dataclass
class World:
    """A world in a folder. Only one process may have it open."""

    folder: Path
    """Absolute, without links."""
    state: State
    description: Description
    _lock: TextIO
    _by_place: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        description = self.description
        self._places = {*description.turntable.slots, *description.drives.names, GRIPPER}

    @classmethod
    def create(
        cls,
        folder: Path,
        profile: str = "rack",
        discs: int | None = None,
        capacity_sectors: int | None = None,
    ) -> "World":
        """Make a world with blank discs in its first slots (all slots unless told otherwise).

        Raises:
            ValueError: unknown profile, or more discs than slots.
            BlockingIOError: another process has the folder.
        """
        folder = folder.resolve()
        description = load_description(profile)
        slots = description.turntable.slots
        count = len(slots) if discs is None else discs
        if not 0 <= count <= len(slots):
            raise ValueError(f"the cabinet has {len(slots)} slots, not room for {count} discs")
        made = [
            Disc(
                serial=f"BD{number:06d}",
                place=slot,
                kind=description.discs.kind,
                capacity_sectors=capacity_sectors or description.discs.capacity_sectors,
            )
            for number, slot in enumerate(slots[:count], start=1)
        ]
        for name in ("discs", "dev"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        state = State(profile=profile, discs={disc.serial: disc for disc in made})
        world = cls(folder, state, description, _lock(folder))
        world.save()
        return world

    @classmethod
    def open(cls, folder: Path) -> "World":
        """Go on with an existing world.

        Raises:
            FileNotFoundError: there is none in the folder.
            BlockingIOError: another process has it.
        """
        folder = folder.resolve()
        lock = _lock(folder)
        try:
            state = read_state(folder)
            world = cls(folder, state, load_description(state.profile), lock)
        except BaseException:
            lock.close()
            raise
        for disc in state.discs.values():
            if disc.damaged:  # the burn may have been cut off together with the last process
                disc.written_sectors = world.image_path(disc).stat().st_size // SECTOR_BYTES
        world.check()
        return world

    def close(self) -> None:
        """Save and let another process have the folder. No error when already closed."""
        if not self.closed:
            self.save()
            self._lock.close()

    @property
    def closed(self) -> bool:
        return self._lock.closed

    def save(self) -> None:
        """Put the state on disk, all or nothing; not any more once the world is closed."""
        self.check()
        if self.closed:
            return
        beside = self.folder / "world.json.new"
        beside.write_bytes(msgspec.json.encode(self.state))
        beside.replace(self.folder / "world.json")

    def check(self) -> None:
        """Make sure that no place has two discs and every disc is in a place that exists.

        Raises:
            PlaceError: the world contradicts itself.
        """
        self._by_place = {}
        for disc in self.state.discs.values():
            if disc.place in CROWDED:
                continue
            if disc.place not in self._places or disc.place in self._by_place:
                raise PlaceError(f"{disc.serial} cannot be in {disc.place}")
            self._by_place[disc.place] = disc.serial

    def disc_at(self, place: str) -> Disc | None:
        """The disc in a slot, drive or the gripper."""
        serial = self._by_place.get(place)
        return self.state.discs[serial] if serial else None

    def move(self, disc: Disc, place: str) -> None:
        """Put a disc elsewhere.

        Raises:
            PlaceError: the place is taken or does not exist; nothing has changed.
        """
        before, disc.place = disc.place, place
        try:
            self.save()
        except PlaceError:
            disc.place = before
            self.check()
            raise

    def set_tray(self, drive: str, is_open: bool) -> None:
        change = self.state.open_trays.add if is_open else self.state.open_trays.discard
        change(drive)
        self.save()

    def image_path(self, disc: Disc) -> Path:
        """The file with the disc's bytes; it exists once something has been written."""
        return self.folder / "discs" / f"{disc.serial}.img"


def read_state(folder: Path) -> State:
    """Look at a world without opening it, also while another process has it.

    Raises:
        FileNotFoundError: there is none in the folder.
    """
    return msgspec.json.decode((folder / "world.json").read_bytes(), type=State)


def _lock(folder: Path) -> TextIO:
    lock = (folder / "world.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise BlockingIOError(f"another process has the world in {os.fspath(folder)}") from None
    return lock
