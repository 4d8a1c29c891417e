"""A tape unit of plain objects, with faults that a test can set. It outlives the firmware."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.contract.states import MediumKind
from appliance.services.carriers import Carriers
from appliance.services.content import ContentClient
from appliance.services.holdings import Holdings
from appliance.services.stores import Stores
from appliance.services.tapes.shelf import TapeShelf
from hal.errors import HalError
from hal.interfaces.tape import TapeInventory, TapeStatus
from tests.appliance.jobs.cabinet import KilledError
from tests.appliance.jobs.station import PaperRig, Station

BLOCK_BYTES = 1 << 18


@dataclass
class PaperTape:
    barcode: str
    files: list[bytes] = field(default_factory=list)
    write_protected: bool = False
    room_bytes: int = 1 << 40


class TapeUnit:
    """Slots t01…, drives td1…"""

    def __init__(self, *, slots: int = 4, drives: int = 2, tapes: int = 2) -> None:
        self.slots: dict[str, PaperTape | None] = {f"t{n:02}": None for n in range(1, slots + 1)}
        self.drives: dict[str, PaperTape | None] = {f"td{n}": None for n in range(1, drives + 1)}
        self.homes: dict[str, str] = {}
        for n in range(1, tapes + 1):
            self.slots[f"t{n:02}"] = PaperTape(f"VOL{n:03}L7")
        self.fumbles = 0
        self.failing_writes: dict[str, int] = {}
        self.dirty: set[str] = set()
        self.session = TapeSession(self)

    def tape(self, number: int) -> PaperTape:
        every = (*self.slots.values(), *self.drives.values())
        return next(t for t in every if t and t.barcode == f"VOL{number:03}L7")

    def connect(self) -> "TapeSession":
        self.session.alive = False
        self.session = TapeSession(self)
        return self.session


class TapeSession:
    def __init__(self, unit: TapeUnit) -> None:
        self.alive = True
        self.changer = PaperTapeChanger(unit, self)
        self.drives = {name: PaperTapeDrive(name, unit, self) for name in unit.drives}

    async def pause(self, seconds: float) -> None:
        if not self.alive:
            raise KilledError
        await asyncio.sleep(seconds)
        if not self.alive:
            raise KilledError


class PaperTapeChanger:
    def __init__(self, unit: TapeUnit, session: TapeSession) -> None:
        self._unit, self._session = unit, session
        self.slots, self.drives = tuple(unit.slots), tuple(unit.drives)

    async def inventory(self) -> TapeInventory:
        await self._session.pause(1.0)
        return TapeInventory(
            {name: tape.barcode if tape else None for name, tape in self._unit.slots.items()},
            {name: tape.barcode if tape else None for name, tape in self._unit.drives.items()},
            dict(self._unit.homes),
        )

    async def load(self, slot: str, drive: str) -> None:
        await self._move()
        unit = self._unit
        if unit.drives[drive] is not None:
            raise HalError(2141, f"{drive} is full")
        if unit.slots[slot] is None:
            raise HalError(2140, f"{slot} is empty")
        unit.drives[drive], unit.slots[slot] = unit.slots[slot], None
        unit.homes[drive] = slot

    async def unload(self, drive: str, slot: str) -> None:
        await self._move()
        unit = self._unit
        assert drive in unit.session.drives
        assert unit.session.drives[drive].ejected, "the drive holds the tape fast"
        if unit.drives[drive] is None:
            return
        assert unit.slots[slot] is None, "two tapes in one slot"
        unit.slots[slot], unit.drives[drive] = unit.drives[drive], None
        unit.homes.pop(drive, None)

    async def _move(self) -> None:
        await self._session.pause(20.0)
        if self._unit.fumbles:
            self._unit.fumbles -= 1
            raise HalError(2142, "the changer dropped nothing, but moved nothing")


class PaperTapeDrive:
    def __init__(self, name: str, unit: TapeUnit, session: TapeSession) -> None:
        self.name = name
        self._unit, self._session = unit, session
        self.ejected = False

    @property
    def _tape(self) -> PaperTape:
        tape = self._unit.drives[self.name]
        if tape is None:
            raise HalError(3250, f"no tape in {self.name}")
        return tape

    async def status(self) -> TapeStatus:
        await self._session.pause(0.5)
        self.ejected = False
        tape = self._unit.drives[self.name]
        if tape is None:
            return TapeStatus(False, -1, -1)
        return TapeStatus(True, 0, 0, tape.write_protected, not tape.files, "LTO-7")

    async def append(self, chunks: AsyncIterable[bytes | memoryview]) -> int:
        await self._session.pause(10.0)
        tape = self._tape
        self.ejected = False
        number, content = len(tape.files), bytearray()
        tape.files.append(b"")  # from here on there is a file, whatever becomes of it
        try:
            async for chunk in chunks:
                self._check()
                content += chunk
                await self._session.pause(len(chunk) / (100 << 20))
                if self._unit.failing_writes.get(self.name):
                    self._unit.failing_writes[self.name] -= 1
                    raise HalError(3252, f"write error in {self.name}")
                if len(content) > tape.room_bytes:
                    raise HalError(3253, "the tape is full")
        finally:
            tape.files[number] = bytes(content) + bytes(-len(content) % BLOCK_BYTES)
        return number

    async def read(self, file_number: int) -> AsyncIterator[bytes]:
        await self._session.pause(10.0)
        tape = self._tape
        self.ejected = False
        if file_number >= len(tape.files):
            raise HalError(3254, f"there is no tape file {file_number}")
        content = tape.files[file_number]
        for start in range(0, len(content), BLOCK_BYTES):
            await self._session.pause(BLOCK_BYTES / (100 << 20))
            if self.name in self._unit.dirty:
                raise HalError(3255, f"{self.name} cannot read")
            yield content[start : start + BLOCK_BYTES]

    async def rewind(self) -> None:
        await self._session.pause(5.0)

    async def eject(self) -> None:
        await self._session.pause(5.0)
        self.ejected = True

    def _check(self) -> None:
        if not self._session.alive:
            raise KilledError


class TapeStation(Station):
    """An appliance that has a tape unit and nothing else."""

    def __init__(self, folder: Path, unit: TapeUnit, content: ContentClient) -> None:
        super().__init__(folder, PaperRig({}), content)
        self.unit = unit

    def _stores(self) -> Stores:
        session = self.unit.connect()
        carriers, holdings = Carriers(self.db, self.outbox), Holdings(self.db)
        shelf = TapeShelf(
            session.changer,
            session.drives,
            carriers=carriers,
            holdings=holdings,
            reservations=self.library.reservations,
            losses=self.library.losses,
            alarms=self.library.alarms,
            changed=lambda: None,
        )
        self.stores = Stores(carriers, holdings, {MediumKind.TAPE: shelf})
        return self.stores

    async def kill(self) -> None:
        self.unit.session.alive = False
        await super().kill()

    async def known(self) -> None:
        """Wait until it is known which tapes there are."""
        await self.stores.shelves[MediumKind.TAPE].ready.wait()
