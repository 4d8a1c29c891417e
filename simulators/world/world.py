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
from simulators.world.layout import Layout, lay_out
from simulators.world.lock import Lock
from simulators.world.magazines import Magazines
from simulators.world.places import CROWDED, FLOOR, GRIPPER, OUTSIDE
from simulators.world.power import FAN_W, LIGHT_W, Power
from simulators.world.state import Arm, State
from simulators.world.store import Store, read_state

__all__ = [
    "CROWDED", "FLOOR", "GRIPPER", "OUTSIDE",
    "Arm", "PlaceError", "State", "World", "read_state",
]  # fmt: skip

Listener = Callable[[frozenset[str]], None]
"""Told the names of the state's fields that have changed."""


class PlaceError(Exception):
    """A disc was to go where there is no place for it."""


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
        self._by_place: dict[str, str] = {}
        complete(state, description, self.layout)
        self._places = self._all_places()
        self._take_stock()
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
        self.magazines = Magazines(state.magazines, state.released, keep("released"))
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
            self._take_stock()
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
        self._take_stock()

    def _take_stock(self) -> None:
        by_place: dict[str, str] = {}
        for disc in self.state.discs.values():
            if disc.place in CROWDED:
                continue
            if disc.place not in self._places or disc.place in by_place:
                raise PlaceError(f"{disc.serial} cannot be in {disc.place}")
            by_place[disc.place] = disc.serial
        self._by_place = by_place

    def disc_at(self, place: str) -> Disc | None:
        """The disc in a slot, drive, printer, gripper, or position of a magazine that is out."""
        serial = self._by_place.get(place)
        return self.state.discs[serial] if serial else None

    def move(self, disc: Disc, place: str) -> None:
        """Put a disc elsewhere.

        Raises:
            PlaceError: the place is taken or does not exist; nothing has changed.
        """
        here = self._by_place.get(place)
        if place not in CROWDED and (place not in self._places or here not in (None, disc.serial)):
            raise PlaceError(f"{disc.serial} cannot be in {place}")
        if self._by_place.get(disc.place) == disc.serial:
            del self._by_place[disc.place]
        disc.place = place
        if place not in CROWDED:
            self._by_place[place] = disc.serial
        self.save_disc(disc)

    def add_disc(self, capacity_sectors: int | None = None) -> Disc:
        """A new blank disc, outside the cabinet."""
        kind = self.description.discs
        number = len(self.state.discs) + 1
        while f"BD{number:06d}" in self.state.discs:
            number += 1
        sectors = capacity_sectors or next(
            (disc.capacity_sectors for disc in self.state.discs.values()), kind.capacity_sectors
        )
        disc = Disc(f"BD{number:06d}", OUTSIDE, kind.kind, sectors)
        self.state.discs[disc.serial] = disc
        self.save_disc(disc)
        return disc

    def set_tray(self, drive: str, is_open: bool) -> None:
        """Say that a drive's or the printer's tray is fully out, or is not."""
        change = self.state.open_trays.add if is_open else self.state.open_trays.discard
        change(drive)
        self.save("open_trays")

    def image_path(self, disc: Disc) -> Path:
        """The file with the disc's bytes; it exists once something has been written."""
        return self.folder / "discs" / f"{disc.serial}.img"

    # Magazines

    def take_magazine(self, place: str) -> str:
        """Take out the magazine of a place such as ``n01.g1``, with its discs; its tag.

        Raises:
            PlaceError: there is none.
        """
        magazine = self.magazines.at(place)
        if magazine is None:
            raise PlaceError(f"there is no magazine at {place}")
        slots = self._magazine_slots(place)
        for position, slot in enumerate(slots, start=1):
            disc = self.disc_at(slot)
            if disc:
                disc.place = f"{magazine.tag}.{position:03d}"
        magazine.place = OUTSIDE
        self.save("discs", "magazines")
        return magazine.tag

    def put_magazine(self, tag: str, place: str) -> None:
        """Put a magazine that is outside into a place, with its discs in the same positions.

        Raises:
            PlaceError: no such magazine, no such place, or no room.
        """
        magazine = self.state.magazines.get(tag)
        if magazine is None or magazine.place != OUTSIDE:
            outside = ", ".join(self.magazines.outside()) or "none"
            raise PlaceError(f"there is no magazine {tag!r} outside; there is: {outside}")
        unit = self.layout.unit_of(place)
        if unit is None or place not in unit.magazines:
            raise PlaceError(f"there is no place {place!r} for a magazine")
        slots = self._magazine_slots(place)
        if self.magazines.at(place) or any(self.disc_at(slot) for slot in slots):
            raise PlaceError(f"{place} is taken")
        for position, slot in enumerate(slots, start=1):
            disc = self.disc_at(f"{tag}.{position:03d}")
            if disc:
                disc.place = slot
        magazine.place = place
        self.save("discs", "magazines")

    def _magazine_slots(self, place: str) -> tuple[str, ...]:
        kind = self.description.magazines
        assert kind  # noqa: S101  # only a cabinet with magazines has such places
        return self.layout.magazine_slots(place, kind.slots)

    def has_slot(self, slot: str) -> bool:
        """Whether a slot is there now: it is not while its magazine is out."""
        unit = self.layout.unit_of(slot)
        if unit is None or slot not in unit.slots:
            return False
        if not unit.magazines:
            return True
        return any(
            slot in self._magazine_slots(place) and self.magazines.at(place)
            for place in unit.magazines
        )

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

    def _steady_w(self) -> float:
        fans = sum(FAN_W for name in self.fans.names if self.fans.is_turning(name))
        return fans + self.bays.watts + LIGHT_W * len(self.state.lights)

    def _look_around(self) -> Surroundings:
        return Surroundings(
            any(door.is_open for door in self.state.doors.values()),
            self.fans.any_turning,
            self.power.watts,
        )
