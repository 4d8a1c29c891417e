"""Disk bays of plain objects, whose disks are folders, with faults that a test can set."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from appliance.contract.states import MediumKind
from appliance.services.carriers import Carriers
from appliance.services.content import ContentClient
from appliance.services.disks.shelf import DiskShelf
from appliance.services.holdings import Holdings
from appliance.services.power.disks import DiskPower
from appliance.services.stores import Stores
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskHealth, DiskRoom
from tests.appliance.jobs.cabinet import KilledError
from tests.appliance.jobs.station import PaperRig, Station

CAPACITY_BYTES = 1 << 40


@dataclass
class PaperDisk:
    """A disk; its file system is `root`, once it has one."""

    serial: str
    root: Path
    formatted: bool = True
    passed: bool = True
    pending: int = 0
    silent: bool = False

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)


def room_of(root: str | Path, full: frozenset[str] = frozenset()) -> os.statvfs_result:
    """What `os.statvfs` would say of a paper disk: the folder below it has a disk to itself."""
    used = sum(path.stat().st_size for path in Path(root).rglob("*") if path.is_file())
    blocks = 1 << 28
    left = 10 if Path(root).name in full else blocks - used // 4096
    return os.statvfs_result((4096, 4096, blocks, left, left, 0, 0, 0, 0, 255))


class Bays:
    """The hardware, which outlives any firmware."""

    def __init__(self, folder: Path, *, bays: int = 3, disks: int = 2) -> None:
        self.folder = folder
        self.names = tuple(f"b{n:02}" for n in range(1, bays + 1))
        self.disks: dict[str, PaperDisk] = {}
        for n in range(1, disks + 1):
            self.put(f"b{n:02}", self.disk(f"SN{n}"))
        self.on: set[str] = set()
        self.starts: list[str] = []
        self.session = BaySession(self)

    def disk(self, serial: str, *, formatted: bool = True) -> PaperDisk:
        return PaperDisk(serial, self.folder / serial, formatted)

    def put(self, bay: str, disk: PaperDisk) -> None:
        assert bay not in self.disks, f"{bay} holds a disk already"
        self.disks[bay] = disk

    def pull(self, bay: str) -> PaperDisk:
        self.on.discard(bay)
        return self.disks.pop(bay)

    def connect(self) -> "BaySession":
        self.session.alive = False
        self.session = BaySession(self)
        return self.session


class BaySession:
    """One firmware's view of the bays."""

    def __init__(self, bays: Bays) -> None:
        self.alive = True
        self.bays = {name: PaperBay(name, bays, self) for name in bays.names}

    async def pause(self, seconds: float) -> None:
        if not self.alive:
            raise KilledError
        await asyncio.sleep(seconds)
        if not self.alive:
            raise KilledError


class PaperBay:
    def __init__(self, name: str, bays: Bays, session: BaySession) -> None:
        self.name = name
        self._bays = bays
        self._session = session

    async def is_present(self) -> bool:
        await self._session.pause(0.01)
        return self.name in self._bays.disks

    async def is_powered(self) -> bool:
        await self._session.pause(0.01)
        return self.name in self._bays.on

    async def is_held(self) -> bool:
        return True

    async def ensure_on(self) -> None:
        await self._session.pause(0.1)
        disk = self._disk
        if self.name not in self._bays.on:
            await self._session.pause(8.0)
            self._bays.on.add(self.name)
            self._bays.starts.append(disk.serial)

    async def ensure_off(self) -> None:
        await self._session.pause(2.0)
        self._bays.on.discard(self.name)

    async def ensure_released(self) -> None:
        await self.ensure_off()

    async def ensure_held(self) -> None: ...

    async def health(self) -> DiskHealth:
        await self._session.pause(0.5)
        assert self.name in self._bays.on, "SMART is asked of a disk that is off"
        disk = self._disk
        if disk.silent:
            raise HalError(3243, f"the disk in bay {self.name} does not answer")
        return DiskHealth(
            disk.serial, "Paper", CAPACITY_BYTES, disk.passed, 31, 1_000, pending=disk.pending
        )

    async def ensure_mounted(self) -> Path:
        await self._session.pause(0.5)
        assert self.name in self._bays.on
        if not self._disk.formatted:
            raise HalError(3244, f"the disk in bay {self.name} cannot be mounted")
        return self._disk.root

    async def room(self) -> DiskRoom:
        room = os.statvfs(await self.ensure_mounted())
        return DiskRoom(room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize)

    async def ensure_formatted(self, label: str) -> Path:
        assert len(label) <= 16, "ext4 takes no longer label"
        disk = self._disk
        if not disk.formatted:
            if any(disk.root.iterdir()):
                raise HalError(3247, f"the disk in bay {self.name} is not blank")
            disk.formatted = True
        return await self.ensure_mounted()

    @property
    def _disk(self) -> PaperDisk:
        disk = self._bays.disks.get(self.name)
        if disk is None:
            raise HalError(3240, f"there is no disk in bay {self.name}")
        return disk


class DiskStation(Station):
    """An appliance that has disk bays and nothing else."""

    def __init__(self, folder: Path, bays: Bays, content: ContentClient) -> None:
        super().__init__(folder, PaperRig({}), content)
        self.bays = bays
        self.power: DiskPower | None = None

    def _stores(self) -> Stores:
        session = self.bays.connect()
        carriers = Carriers(self.db, self.outbox)
        holdings = Holdings(self.db)
        self.power = DiskPower(session.bays, start_every_s=5.0, idle_off_s=600.0)
        shelf = DiskShelf(
            session.bays,
            self.power,
            carriers=carriers,
            holdings=holdings,
            reservations=self.library.reservations,
            losses=self.library.losses,
            alarms=self.library.alarms,
        )
        self.stores = Stores(carriers, holdings, {MediumKind.DISK: shelf})
        return self.stores

    async def kill(self) -> None:
        self.bays.session.alive = False
        if self.power is not None:
            self.power.stop()
        await super().kill()

    async def known(self) -> None:
        """Wait until it is known which disks there are."""
        await self.stores.shelves[MediumKind.DISK].ready.wait()
