"""The one truth about a simulated cabinet: where every disc is, and how all else stands.

A disc has one `place`, so it cannot be in two; that a place has no two discs is checked
on every move. Each change is on the host's disk before the call returns (`store.py`), so a
process may be killed at any point. A move of an arm is recorded when it ends.

The state is plain structs (`state.py`) that anybody may read. Who changes them uses the
methods here and in `World.doors`, `.bays`, `.fans`, …, or changes a struct and calls
`World.save`. Whoever must act on a change asks to be told (`World.watch`).

Not modelled: ageing.
"""

from collections.abc import Callable
from pathlib import Path

from simulators.world.air import Atmosphere, Surroundings
from simulators.world.description import Description, Extent, load_description
from simulators.world.disc import SECTOR_BYTES, Disc
from simulators.world.disks import Bays
from simulators.world.doors import Doors
from simulators.world.fans import Fans
from simulators.world.furnishing import complete, furnish
from simulators.world.inventory import Inventory, PlaceError
from simulators.world.layout import Layout, lay_out
from simulators.world.lock import Lock
from simulators.world.magazines import Magazines
from simulators.world.places import CROWDED, FLOOR, GRIPPER, OUTSIDE
from simulators.world.power import FAN_W, LIGHT_W, PRINTER_W, TAPE_DRIVE_W, Power
from simulators.world.state import Arm, State
from simulators.world.store import Store, read_state

__all__ = [
    "CROWDED", "FLOOR", "GRIPPER", "OUTSIDE",
    "Arm", "PlaceError", "State", "World", "read_state",
]  # fmt: skip

Listener = Callable[[frozenset[str]], None]
"""Told the names of the state's fields that have changed."""


class World:
    """A world in a folder. Only one process may have it open."""

    def __init__(self, folder: Path, state: State, description: Description, lock: Lock) -> None:
        self.folder = folder
        """Absolute, without links."""
        self.state = state
        self.description = description
        self.layout: Layout = lay_out(description, state.extent)
        self.clock: Callable[[], float] = lambda: 0.0
        """Seconds; `Cabinet` sets it to its event loop's (`set_clock`)."""
        self._lock = lock
        self._listeners: list[Listener] = []
        complete(state, description, self.layout)
        self._inventory = Inventory(state.discs, self._all_places(), self.save_disc)
        self._store = Store(folder, state)
        self._equip()

    def _equip(self) -> None:
        state, faults = self.state, self.state.faults

        def keep(*fields: str) -> Callable[[], None]:
            return lambda: self.save(*fields)

        bays = self.description.bays
        self.doors = Doors(state.doors, faults, keep("doors"))
        self.fans = Fans(state.fans, faults, keep("fans"))
        self.power = Power(self._steady_w, lambda: state.hazards.mains_lost)
        self.bays = Bays(
            state.bays,
            state.disks,
            faults,
            clock=self.now,
            spin_up_s=bays.spin_up_s if bays else 0.0,
            save=keep("bays", "disks"),
        )
        self.magazines = Magazines(
            state.magazines,
            state.released,
            self._magazine_slots(),
            self._inventory,
            keep("released", "magazines", "discs"),
        )
        self.air = Atmosphere(state.air, self.now, self._look_around, keep("air"))

    @classmethod
    def create(
        cls,
        folder: Path,
        profile: str = "rack",
        discs: int | None = None,
        capacity_sectors: int | None = None,
        extent: Extent = Extent(),  # noqa: B008  # frozen
    ) -> "World":
        """Make a world with blank discs in its first slots (as many as its profile says).

        Raises:
            ValueError: unknown profile, or more discs or units than there is room for.
            BlockingIOError: another process has the folder.
        """
        folder = folder.resolve()
        description = load_description(profile)
        state = State(profile=profile, extent=extent)
        furnish(state, description, lay_out(description, extent), discs, capacity_sectors)
        for name in ("discs", "dev", "disks", "tapes", "prints"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return cls(folder, state, description, Lock(folder))

    @classmethod
    def open(cls, folder: Path) -> "World":
        """Go on with an existing world.

        Raises:
            FileNotFoundError: there is none in the folder.
            BlockingIOError: another process has it.
        """
        folder = folder.resolve()
        lock = Lock(folder)
        try:
            state = read_state(folder)
            for name in ("disks", "tapes", "prints"):
                (folder / name).mkdir(exist_ok=True)
            world = cls(folder, state, load_description(state.profile), lock)
        except BaseException:
            lock.close()
            raise
        for disc in state.discs.values():
            if disc.damaged:  # the burn may have been cut off together with the last process
                disc.written_sectors = world.image_path(disc).stat().st_size // SECTOR_BYTES
        world.save()
        return world

    # Time and news

    def now(self) -> float:
        """Seconds of the world's clock."""
        return self.clock()

    def set_clock(self, clock: Callable[[], float]) -> None:
        """Let the world's time be this clock's from now on."""
        self.air.settle()
        self.clock = clock
        self.air.restart()

    def watch(self, listener: Listener) -> None:
        """Tell somebody of every change, after it is on disk, with the fields that changed."""
        self._listeners.append(listener)

    # Keeping

    def close(self) -> None:
        """Save and let another process have the folder. No error when already closed."""
        if not self.closed:
            self.air.settle()
            self._listeners.clear()
            self.save()
            self._store.close()
            self._lock.close()

    @property
    def closed(self) -> bool:
        return self._lock.closed

    def save(self, *fields: str) -> None:
        """Put what has changed in these fields of the state, or in any, on disk.

        All or nothing; not any more once the world is closed.

        Raises:
            PlaceError: the world contradicts itself.
        """
        if not fields or "discs" in fields:
            self._inventory.check()
        if not self.closed:
            self._tell(self._store.save(*fields))

    def save_disc(self, disc: Disc) -> None:
        """Put a disc that has changed on disk; quick however many discs there are."""
        if not self.closed:
            self._tell(self._store.save_entry("discs", disc.serial))

    def save_arm(self, unit: str) -> None:
        """Put where a robot's arm stands on disk; quick, for the end of every motion."""
        if not self.closed:
            self._tell(self._store.save_entry("arms", unit))

    def _tell(self, changed: frozenset[str]) -> None:
        if changed:
            for listener in tuple(self._listeners):
                listener(changed)

    # Discs

    def check(self) -> None:
        """Make sure that no place has two discs and every disc is in a place that exists.

        Raises:
            PlaceError: the world contradicts itself.
        """
        self._inventory.check()

    def disc_at(self, place: str) -> Disc | None:
        """The disc in a slot, drive, printer, gripper, or position of a magazine that is out."""
        return self._inventory.at(place)

    def move(self, disc: Disc, place: str) -> None:
        """Put a disc elsewhere.

        Raises:
            PlaceError: the place is taken or does not exist; nothing has changed.
        """
        self._inventory.move(disc, place)

    def add_disc(self, capacity_sectors: int | None = None) -> Disc:
        """A new blank disc, outside the cabinet, as large as those that there are."""
        kind = self.description.discs
        like = next(iter(self.state.discs.values()), None)
        usual = like.capacity_sectors if like else kind.capacity_sectors
        return self._inventory.add(kind.kind, capacity_sectors or usual)

    def set_tray(self, drive: str, is_open: bool) -> None:
        """Say that a drive's or the printer's tray is fully out, or is not."""
        change = self.state.open_trays.add if is_open else self.state.open_trays.discard
        change(drive)
        self.save("open_trays")

    def image_path(self, disc: Disc) -> Path:
        """The file with the disc's bytes; it exists once something has been written."""
        return self.folder / "discs" / f"{disc.serial}.img"

    def take_magazine(self, place: str) -> str:
        """Take out the magazine of a place such as ``n01.g1``, with its discs; its tag.

        Raises:
            PlaceError: there is none.
        """
        return self.magazines.take(place)

    def put_magazine(self, tag: str, place: str) -> None:
        """Put a magazine that is outside into a place, with its discs in the same positions.

        Raises:
            PlaceError: no such magazine, no such place, or no room.
        """
        self.magazines.put(tag, place)

    def has_slot(self, slot: str) -> bool:
        """Whether a slot is there now: it is not while its magazine is out."""
        return self.magazines.has(slot)

    # Elsewhere

    def disk_folder(self, serial: str) -> Path:
        """The folder with a disk's files; it exists once the disk has a file system."""
        return self.folder / "disks" / serial

    def tape_folder(self, barcode: str) -> Path:
        """The folder with a cartridge's tape files; it exists once something was written."""
        return self.folder / "tapes" / barcode

    def print_path(self, serial: str) -> Path:
        """The picture on a disc's label side, as it came out; exists once it was printed on."""
        return self.folder / "prints" / f"{serial}.png"

    def _all_places(self) -> set[str]:
        places = self.layout.places
        if self.description.magazines:
            positions = range(1, self.description.magazines.slots + 1)
            places |= {
                f"{tag}.{number:03d}" for tag in self.state.magazines for number in positions
            }
        return places

    def _magazine_slots(self) -> dict[str, tuple[str, ...]]:
        kind = self.description.magazines
        places = (place for unit in self.layout.units.values() for place in unit.magazines)
        return {place: self.layout.magazine_slots(place, kind.slots) for place in places if kind}

    def _steady_w(self) -> float:
        fans = sum(FAN_W for name in self.fans.names if self.fans.is_turning(name))
        others = len(self.layout.tape_drives) * TAPE_DRIVE_W + len(self.layout.printers) * PRINTER_W
        return fans + self.bays.watts + LIGHT_W * len(self.state.lights) + others

    def _look_around(self) -> Surroundings:
        return Surroundings(
            any(door.is_open for door in self.state.doors.values()),
            self.fans.any_turning,
            self.power.watts,
        )
