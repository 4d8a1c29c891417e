"""Hard disks and their bays.

A disk's files are in the world's `disks/<serial>/`; what `mkfs` and `mount` do is done by
the programs of that name (`simulators.links`), which keep `filesystem` and `mounted_at` here.

Faults in `State.faults`: `disk-dead:<serial>` it never answers; `disk-slow:<serial>` it needs
long to come up.
"""

from collections.abc import Callable, Container

import msgspec

from simulators.world.places import OUTSIDE
from simulators.world.power import DISK_ON_W, DISK_START_W

DISK_DEAD = "disk-dead"
"""Name of the fault in the world, with a disk's serial: it spins up and never answers."""
DISK_SLOW = "disk-slow"
SLOW = 5.0
"""A slow disk takes this many times as long to come up."""


class DiskError(Exception):
    """A disk or bay does not do what somebody wants of it; the text says why."""


class Smart(msgspec.Struct):
    """What the disk counts of itself (raw values of its SMART attributes)."""

    passed: bool = True
    """The disk's own verdict."""
    temperature_c: int = 31
    power_on_hours: int = 1200
    power_cycles: int = 40
    start_stops: int = 40
    load_cycles: int = 60
    reallocated: int = 0
    pending: int = 0
    uncorrectable: int = 0
    crc_errors: int = 0


class Disk(msgspec.Struct):
    """One hard disk."""

    serial: str
    place: str
    """Name of a bay, or `OUTSIDE`."""
    model: str = "STELE SIM-HDD"
    capacity_bytes: int = 1_000_000_000_000
    smart: Smart = msgspec.field(default_factory=Smart)
    filesystem: str = ""
    """Such as ``ext4``; empty on a disk that was never formatted."""
    uuid: str = ""
    label: str = ""
    bad_paths: list[str] = []
    """Files, relative to the disk's root, that read with EIO."""


class Bay(msgspec.Struct):
    """The powered, locked place of one disk."""

    power_on: bool = False
    """The bay's power output."""
    released: bool = False
    """The drawer's latch is drawn: a hand can pull the disk."""
    mounted_at: str = ""
    """Where the disk's file system is mounted; empty when it is not."""


class Bays:
    """Bays and disks. Every change is saved and told to the world's listeners."""

    def __init__(
        self,
        bays: dict[str, Bay],
        disks: dict[str, Disk],
        faults: Container[str],
        *,
        clock: Callable[[], float],
        spin_up_s: float,
        save: Callable[[], None],
    ) -> None:
        self._bays = bays
        self._disks = disks
        self._faults = faults
        self._clock = clock
        self._spin_up_s = spin_up_s
        self._save = save
        self._on_since_s = {name: -spin_up_s for name, bay in bays.items() if bay.power_on}

    def __getitem__(self, name: str) -> Bay:
        """Raises DiskError for a bay that is not there."""
        if name not in self._bays:
            raise DiskError(
                f"there is no bay {name!r}; there is: {', '.join(self._bays) or 'none'}"
            )
        return self._bays[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._bays)

    def disk_in(self, bay: str) -> Disk | None:
        """The disk in a bay; the bay's presence sensor tells whether there is one."""
        return next((disk for disk in self._disks.values() if disk.place == bay), None)

    def ready_at_s(self, bay: str) -> float | None:
        """Time of the clock from which the disk answers; `None` without power, disk or life."""
        disk = self.disk_in(bay)
        if disk is None or not self[bay].power_on or f"{DISK_DEAD}:{disk.serial}" in self._faults:
            return None
        slow = SLOW if f"{DISK_SLOW}:{disk.serial}" in self._faults else 1.0
        return self._on_since_s.get(bay, self._clock()) + self._spin_up_s * slow

    def is_ready(self, bay: str) -> bool:
        """Whether the disk has power, has spun up and answers."""
        ready_s = self.ready_at_s(bay)
        return ready_s is not None and ready_s <= self._clock()

    def is_starting(self, bay: str) -> bool:
        """Whether a disk spins up, which is when it draws the most power."""
        has_power = self.disk_in(bay) is not None and self[bay].power_on
        return has_power and self._on_since_s.get(bay, 0.0) + self._spin_up_s > self._clock()

    def set_power(self, name: str, *, on: bool) -> None:
        """Switch a bay's power output. A disk that loses power loses its mount with it."""
        bay = self[name]
        if bay.power_on == on:
            return
        bay.power_on = on
        bay.mounted_at = bay.mounted_at if on else ""
        if on:
            self._start(name)
        else:
            self._end(name)
        self._save()

    def set_released(self, name: str, *, released: bool) -> None:
        """Draw or let go the drawer's latch."""
        if self[name].released != released:
            self[name].released = released
            self._save()

    def pull(self, name: str) -> Disk:
        """Take the disk out, as a hand does.

        Raises:
            DiskError: no disk, or the latch holds the drawer.
        """
        disk = self.disk_in(name)
        bay = self[name]
        if disk is None:
            raise DiskError(f"there is no disk in {name}")
        if not bay.released:
            raise DiskError(f"the latch of {name} holds the drawer")
        disk.place = OUTSIDE
        bay.mounted_at = ""
        self._save()
        return disk

    def insert(self, name: str, serial: str) -> Disk:
        """Put a disk in, as a hand does. Raises DiskError: no such disk outside, or no room."""
        disk = self._disks.get(serial)
        if disk is None or disk.place != OUTSIDE:
            raise DiskError(f"there is no disk {serial!r} outside")
        self.require_room(name)
        disk.place = name
        if self[name].power_on:
            self._start(name)
        self._save()
        return disk

    def require_room(self, name: str) -> None:
        """Raises DiskError: a hand cannot put a disk into this bay."""
        if self.disk_in(name):
            raise DiskError(f"there is a disk in {name} already")
        if not self[name].released:
            raise DiskError(f"the latch of {name} holds the drawer")

    @property
    def watts(self) -> float:
        """What all disks draw: most while they spin up, which is why they do it in turn."""
        return sum(
            DISK_START_W if self.is_starting(disk.place) else DISK_ON_W
            for disk in self._disks.values()
            if disk.place in self._bays and self._bays[disk.place].power_on
        )

    def _end(self, name: str) -> None:
        on_s = self._clock() - self._on_since_s.pop(name, self._clock())
        disk = self.disk_in(name)
        if disk:
            disk.smart.power_on_hours += round(on_s / 3600)

    def _start(self, name: str) -> None:
        self._on_since_s[name] = self._clock()
        disk = self.disk_in(name)
        if disk:
            disk.smart.power_cycles += 1
            disk.smart.start_stops += 1
