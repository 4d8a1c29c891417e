"""A cabinet of plain objects behind the hardware Protocols, with faults that a test can set.

It outlives the firmware: `Session` is one firmware's connection to it, and a killed one can do
nothing any more. It watches two rules itself: a disc is never written twice, and two discs are
never in one place.
"""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass, field

from hal.errors import HalError
from hal.interfaces.changer import ChangerState
from hal.interfaces.optical_drive import BurnProgress, BurnResult, Disc, DiscStatus

GRIPPER = "gripper"
CAPACITY_BYTES = 64 << 20
READ_BYTES_PER_S = 4 << 20


class KilledError(BaseException):
    """The firmware that calls is dead."""


@dataclass
class PaperDisc:
    name: str
    capacity_bytes: int = CAPACITY_BYTES
    content: bytearray = field(default_factory=bytearray)
    state: DiscStatus = DiscStatus.BLANK
    burns: int = 0
    unreadable: bool = False
    """In every drive."""


class Cabinet:
    """Slots s1…, drives d1…, one gripper. Where there are several, each has its node's name."""

    def __init__(self, slots: int = 6, drives: int = 2, discs: int = 3, node: str = "") -> None:
        of = f"{node}." if node else ""
        self.slots = tuple(f"{of}s{n}" for n in range(1, slots + 1))
        self.drives = tuple(f"{of}d{n}" for n in range(1, drives + 1))
        self.places: dict[str, PaperDisc] = {
            f"{of}s{n}": PaperDisc(f"{of}disc{n}") for n in range(1, discs + 1)
        }
        self.open_trays: set[str] = set()
        self.dirty: set[str] = set()
        """Drives that cannot read."""
        self.stuck_trays: set[str] = set()
        self.failing_burns: dict[str, int] = {}
        """Drive: how many burns to spoil."""
        self.robot_fault: HalError | None = None
        self.fumbles = 0
        """How many picks fail."""
        self.busy: set[str] = set()
        self.burn_bytes_per_s = 1 << 20
        self.session = Session(self)

    def disc(self, name: str) -> PaperDisc:
        return next(disc for disc in self.places.values() if disc.name == name)

    def place_of(self, name: str) -> str:
        return next(place for place, disc in self.places.items() if disc.name == name)

    def connect(self) -> "Session":
        """A new firmware's connection; the one before is dead."""
        self.session.alive = False
        self.session = Session(self)
        return self.session

    def put(self, disc: PaperDisc, place: str) -> None:
        assert place not in self.places, f"{place} holds a disc already"
        self.places[place] = disc

    def burn(self, disc: PaperDisc) -> None:
        assert disc.state is DiscStatus.BLANK, f"{disc.name} is written a second time"
        disc.burns += 1


class Session:
    """One firmware's view of the cabinet."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.alive = True
        self.changer = PaperChanger(cabinet, self)
        self.drives = {name: PaperDrive(name, cabinet, self) for name in cabinet.drives}

    async def pause(self, seconds: float) -> None:
        self.check()
        await asyncio.sleep(seconds)
        self.check()

    def check(self) -> None:
        if not self.alive:
            raise KilledError


class PaperChanger:
    def __init__(self, cabinet: Cabinet, session: Session) -> None:
        self._cabinet = cabinet
        self._session = session
        self.state = ChangerState.UNKNOWN
        self.slots = cabinet.slots
        self.drives = cabinet.drives
        self.calls = 0
        self._busy = False

    async def ensure_ready(self) -> None:
        await self._act(1.0)

    async def holds_medium(self) -> bool:
        await self._act(0.1)
        return GRIPPER in self._cabinet.places

    async def probe(self, slot: str) -> bool:
        await self._act(3.0)
        assert GRIPPER not in self._cabinet.places
        return slot in self._cabinet.places

    async def load(self, slot: str, drive: str) -> None:
        await self._act(1.0)
        assert drive in self._cabinet.open_trays, "the robot hits a closed tray"
        await self._carry(slot, drive)

    async def unload(self, drive: str, slot: str) -> None:
        await self._act(1.0)
        if GRIPPER not in self._cabinet.places:
            assert drive in self._cabinet.open_trays, "the robot hits a closed tray"
        await self._carry(drive, slot)

    async def hold(self) -> None: ...

    async def resume(self) -> None: ...

    async def aclose(self) -> None: ...

    async def _carry(self, source: str, target: str) -> None:
        places = self._cabinet.places
        if GRIPPER not in places:
            await self._session.pause(4.0)
            if self._cabinet.fumbles:
                self._cabinet.fumbles -= 1
                raise HalError(2104, "the gripper slipped")
            if source not in places:
                raise HalError(2101, f"{source} is empty")
            self._cabinet.put(places.pop(source), GRIPPER)
        await self._session.pause(4.0)
        self._check_fault()
        self._cabinet.put(places.pop(GRIPPER), target)

    async def _act(self, seconds: float) -> None:
        assert not self._busy, "two calls at once"
        self._busy = True
        try:
            await self._session.pause(seconds)
            self._check_fault()
        finally:
            self._busy = False

    def _check_fault(self) -> None:
        if self._cabinet.robot_fault is not None:
            self.state = ChangerState.ALARM
            raise self._cabinet.robot_fault
        self.state = ChangerState.IDLE


class PaperDrive:
    def __init__(self, name: str, cabinet: Cabinet, session: Session) -> None:
        self.name = name
        self._cabinet = cabinet
        self._session = session

    @property
    def _disc(self) -> PaperDisc | None:
        if self.name in self._cabinet.open_trays:
            return None
        return self._cabinet.places.get(self.name)

    async def open_tray(self) -> None:
        await self._tray()
        self._cabinet.open_trays.add(self.name)

    async def close_tray(self) -> None:
        await self._tray()
        self._cabinet.open_trays.discard(self.name)

    async def _tray(self) -> None:
        await self._session.pause(2.0)
        if self.name in self._cabinet.stuck_trays:
            raise HalError(3211, f"the tray of {self.name} does not move")

    async def disc(self) -> Disc:
        await self._session.pause(0.5)
        disc = self._disc
        if disc is None:
            return Disc(DiscStatus.ABSENT)
        capacity = disc.capacity_bytes if disc.state is DiscStatus.BLANK else None
        return Disc(disc.state, "paper", capacity, len(disc.content))

    async def wait_idle(self, timeout_s: float) -> None:
        await self._session.pause(0.1)
        while self.name in self._cabinet.busy:
            await self._session.pause(1.0)

    async def burn(
        self,
        image: AsyncIterable[bytes | memoryview],
        size_bytes: int,
        *,
        speed: float | None = None,
        on_progress: Callable[[BurnProgress], None] | None = None,
    ) -> BurnResult:
        disc = self._disc
        if disc is None or disc.state is not DiscStatus.BLANK:
            raise HalError(3204, f"no blank disc in {self.name}")
        if disc.capacity_bytes < size_bytes:
            raise HalError(3205, f"the disc in {self.name} is too small")
        began = False
        speed_bytes_per_s = self._cabinet.burn_bytes_per_s
        async for piece in image:
            self._session.check()
            if not began:
                self._cabinet.burn(disc)
                disc.state = DiscStatus.APPENDABLE
                began = True
            disc.content += piece
            if self._cabinet.failing_burns.get(self.name, 0):
                self._cabinet.failing_burns[self.name] -= 1
                raise HalError(3207, f"write error in {self.name}", "disc spoiled")
            await self._session.pause(len(piece) / speed_bytes_per_s)
            if on_progress is not None:
                on_progress(BurnProgress(len(disc.content), size_bytes, speed_bytes_per_s))
        await self._session.pause(5.0)
        assert len(disc.content) == size_bytes
        disc.state = DiscStatus.CLOSED
        return BurnResult(size_bytes, size_bytes / speed_bytes_per_s)

    async def open_reader(self) -> "PaperReader":
        await self._session.pause(1.0)
        disc = self._disc
        if disc is None or not disc.content:
            raise HalError(3203, f"no disc to read in {self.name}")
        return PaperReader(disc, self.name, self._cabinet, self._session)


class PaperReader:
    def __init__(self, disc: PaperDisc, drive: str, cabinet: Cabinet, session: Session) -> None:
        self._paper = disc
        self._drive = drive
        self._cabinet = cabinet
        self._session = session
        self.size_bytes = len(disc.content)
        self.bytes_read = 0

    async def read_at(self, offset: int, length: int) -> bytes:
        await self._session.pause(length / READ_BYTES_PER_S)
        if self._paper.unreadable or self._drive in self._cabinet.dirty:
            raise HalError(3209, f"{self._drive} cannot read at {offset}", str(offset))
        piece = bytes(self._paper.content[offset : offset + length])
        self.bytes_read += len(piece)
        return piece

    async def aclose(self) -> None: ...
