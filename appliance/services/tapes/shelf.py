"""The tape unit as a shelf: volumes on tapes, one file each."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import DriveState, MediumKind, MediumState
from appliance.services.alarms import Alarms
from appliance.services.carriers import TAKING, Carrier, Carriers
from appliance.services.holdings import Holding, Holdings
from appliance.services.losses import Losses
from appliance.services.media import drive_place, slot_place
from appliance.services.reservations import Reservations
from appliance.services.room import choose_room
from appliance.services.shelf import (
    CARRIER_BAD,
    FOREIGN_DATA,
    NOT_THERE,
    TOO_FULL,
    Advance,
    FileReader,
    to_the_end,
)
from appliance.services.tapes.cartridges import TAPES, Cartridges
from appliance.services.tapes.seats import TapeSeat, TapeSeats
from appliance.services.tapes.tape_volume import (
    TapeArchive,
    TapeFiles,
    verify_archive,
    write_archive,
)
from appliance.services.tapes.views import with_tapes
from appliance.volume.plan import VolumePlan
from hal.errors import HalError
from hal.interfaces.tape import TapeChanger, TapeDrive

WATCH_S = 60.0
"""How often the tape unit is asked what it holds."""
ALTERED = 3328
NO_SLOT = 2205
NO_TAPE_FILE = 3254
TAPE_FULL = 3253

log = logging.getLogger(__name__)


class TapeShelf:
    """`Shelf` of the tape unit."""

    kind = MediumKind.TAPE

    def __init__(
        self,
        changer: TapeChanger,
        drives: Mapping[str, TapeDrive],
        *,
        carriers: Carriers,
        holdings: Holdings,
        reservations: Reservations,
        losses: Losses,
        alarms: Alarms,
        changed: Callable[[], None],
    ) -> None:
        self._changer = changer
        self._carriers = carriers
        self._holdings = holdings
        self._reservations = reservations
        self._alarms = alarms
        self._seats = TapeSeats(drives, alarms, changed)
        self._cartridges = Cartridges(carriers, losses, alarms)
        self._changed = changed
        self._moving = asyncio.Lock()
        self._protected: set[str] = set()
        """Tapes found write-protected; looked at again after they were out, or after a start."""
        self.ready = asyncio.Event()

    async def begin(self, wanted: Mapping[str, str]) -> None:
        """Ask the unit what it holds; tapes in drives go home, but for those that jobs want."""
        async with self._moving:
            self._cartridges.see(await self._changer.inventory())
            for medium_id, job_id in wanted.items():
                if self._carriers.find(medium_id) is not None:
                    self._reservations.adopt(medium_id, job_id)
            for seat in self._seats:
                await self._settle(seat, wanted)
        self.ready.set()

    async def tend(self) -> None:
        """Notice tapes that come and go."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                async with self._moving:
                    self._cartridges.see(await self._changer.inventory())
                self._forgive_protected()
            except HalError as error:
                self._alarms.sound(TAPES, info_of(error))
            else:
                self._alarms.clear(TAPES)

    def lay_out(self, plan: VolumePlan) -> TapeArchive:
        return TapeArchive(plan)

    async def reserve_room(self, job_id: str, volume_id: str, footprint_bytes: int) -> Carrier:
        medium_id = choose_room(
            [c for c in self._carriers.all(self.kind) if c.is_here and c.id not in self._protected],
            volume_id,
            footprint_bytes,
            holdings=self._holdings,
            reservations=self._reservations,
            alarms=self._alarms,
        )
        await self._reservations.take(medium_id, job_id)
        return self._carriers.get(medium_id)

    async def bring(self, medium_id: str, job_id: str, avoid: frozenset[str], /) -> str:
        """Have the tape in a drive of the job's. A move goes on to its end when cancelled."""
        await self._reservations.take(medium_id, job_id)
        seat = self._seats.of_job(job_id) or await self._seats.acquire(job_id, avoid)
        await to_the_end(self._load(medium_id, seat))
        return seat.name

    async def check(self, medium_id: str, job_id: str, volume: TapeArchive) -> None:
        """See that the tape may be written; one that no drive has seen must be blank."""
        drive, carrier = self._seat(job_id).drive, self._carriers.get(medium_id)
        status = await drive.status()
        if not status.online:
            raise HalError(3250, f"tape drive {drive.name} has no tape")
        if status.write_protected:
            protected = HalError(3251, f"tape {carrier.mark} is write-protected")
            self._protected.add(medium_id)
            self._alarms.sound(f"medium:{medium_id}", info_of(protected))
            raise protected
        if carrier.state is MediumState.UNSEEN:
            if not await _is_blank(drive):
                error = SteleError(
                    FOREIGN_DATA, f"tape {carrier.mark} holds data that is not of this archive"
                )
                self._carriers.mark(medium_id, MediumState.FOREIGN, error.info)
                raise error
            self._carriers.mark(medium_id, MediumState.BLANK)
        elif carrier.state not in TAKING:
            raise SteleError(CARRIER_BAD, f"tape {carrier.mark} is not written any more")
        if (carrier.free_bytes or 0) < volume.footprint_bytes:
            raise SteleError(TOO_FULL, f"tape {carrier.mark} has {carrier.free_bytes} bytes left")

    async def write(
        self, holding: Holding, volume: TapeArchive, payload: AsyncIterator[bytes], advance: Advance
    ) -> int | None:
        """Append one tape file; what fails stays on the tape and takes room there."""
        seat, carrier = self._seat(holding.job_id), self._carriers.get(holding.medium_id)
        known = {h.tape_file for h in self._holdings.on(carrier.id)} - {None}
        written = 0

        def count(done: int) -> None:
            nonlocal written
            written = done
            advance(done)

        self._carriers.mark(carrier.id, MediumState.WRITTEN)
        try:
            with self._showing(seat, DriveState.BURNING):
                number = await write_archive(seat.drive, volume, payload, count)
        except HalError as error:
            if error.code == TAPE_FULL:
                self._carriers.measure(carrier.id, None, 0)
            raise
        finally:
            left = (self._carriers.get(carrier.id).free_bytes or 0) - written
            self._carriers.measure(carrier.id, None, left)
        if number in known or number < len(known):
            raise SteleError(
                ALTERED,
                f"tape {carrier.mark} has fewer files than were written to it",
                f"the new one is number {number}, written before were {sorted(known, key=str)}",
            )
        return number

    async def find_written(self, _holding: Holding, _volume: TapeArchive, /) -> bool:
        """Nobody knows the number of a file whose writing was broken off: it is passed over."""
        return False

    async def verify(self, holding: Holding, volume: TapeArchive, advance: Advance) -> int:
        seat, tape_file = self._seat_with(holding.medium_id), _number(holding)
        with self._showing(seat, DriveState.VERIFYING):
            return await verify_archive(seat.drive, tape_file, volume, advance)

    async def open_files(self, holding: Holding, volume: TapeArchive) -> FileReader:
        drive = self._seat_with(holding.medium_id).drive
        return TapeFiles(drive, _number(holding), volume)

    async def discard(self, _holding: Holding, _volume: TapeArchive, /) -> None:
        """Nothing can be removed from a tape."""

    async def put_back(self, medium_id: str, job_id: str) -> None:
        """The tape goes home, or stays for the next job that waits for this very one."""
        seat = self._seats.of_job(job_id)
        if seat is not None:
            successor = self._reservations.next_in_line(medium_id)
            place = self._carriers.get(medium_id).place
            if successor is not None and place == drive_place(seat.name):
                seat.job_id = successor
            else:
                await to_the_end(self._unload(seat))
                self._seats.release(seat)
        self._reservations.drop(medium_id, job_id)

    def leave(self, medium_id: str, job_id: str) -> None:
        """The drive that keeps the tape goes out of service."""
        seat = self._seats.of_job(job_id)
        if seat is not None:
            message = f"tape drive {seat.name} does not give its tape back"
            self._seats.suspend(seat, SteleError(CARRIER_BAD, message).info)
            self._seats.release(seat)
        self._reservations.drop(medium_id, job_id)

    def has_other(self, avoid: frozenset[str], /) -> bool:
        return self._seats.has_other(avoid)

    # Inside -----------------------------------------------------------------------------------

    def _seat(self, job_id: str) -> TapeSeat:
        seat = self._seats.of_job(job_id)
        if seat is None:
            raise SteleError(5000, f"job {job_id} has no tape drive")
        return seat

    def _seat_with(self, medium_id: str) -> TapeSeat:
        return self._seats.get(self._carriers.get(medium_id).place.removeprefix("drive:"))

    def _forgive_protected(self) -> None:
        for medium_id in [m for m in self._protected if not self._carriers.get(m).is_here]:
            self._protected.discard(medium_id)
            self._alarms.clear(f"medium:{medium_id}", 3251)

    async def _settle(self, seat: TapeSeat, wanted: Mapping[str, str]) -> None:
        """After a start: a job gets the drive that its tape is in, others are emptied."""
        carrier = self._carriers.at(drive_place(seat.name))
        self._seats.readmit(seat)
        job_id = wanted.get(carrier.id) if carrier else None
        if carrier is not None and job_id is not None:
            seat.job_id, seat.state = job_id, DriveState.LOADED
            return
        seat.job_id = None
        if carrier is not None:
            try:
                await self._carry_home(seat, carrier)
            except HalError as error:
                self._seats.suspend(seat, info_of(error))

    async def _load(self, medium_id: str, seat: TapeSeat) -> None:
        async with self._moving:
            carrier = self._carriers.get(medium_id)
            if carrier.place == drive_place(seat.name):
                return
            if not carrier.place.startswith("slot:"):
                raise SteleError(NOT_THERE, f"tape {carrier.mark} is in no slot: {carrier.place}")
            seat.state = DriveState.LOADING
            self._changed()
            try:
                await self._changer.load(carrier.place.removeprefix("slot:"), seat.name)
            except HalError:
                seat.state = DriveState.EMPTY
                self._cartridges.see(await self._changer.inventory())
                if not self._carriers.get(medium_id).is_here:
                    raise SteleError(NOT_THERE, f"tape {carrier.mark} is gone") from None
                raise
            self._carriers.relocate(medium_id, drive_place(seat.name))
            await seat.drive.rewind()  # a cartridge that is still threaded looks like none
            seat.state = DriveState.LOADED
            self._changed()

    async def _unload(self, seat: TapeSeat) -> None:
        async with self._moving:
            carrier = self._carriers.at(drive_place(seat.name))
            if carrier is not None:
                await self._carry_home(seat, carrier)

    async def _carry_home(self, seat: TapeSeat, carrier: Carrier) -> None:
        home = carrier.home or await self._empty_slot()
        seat.state = DriveState.UNLOADING
        self._changed()
        await seat.drive.eject()
        await self._changer.unload(seat.name, home)
        self._carriers.relocate(carrier.id, slot_place(home), home)
        seat.state = DriveState.EMPTY
        self._changed()

    async def _empty_slot(self) -> str:
        found = await self._changer.inventory()
        empty = next((slot for slot, mark in found.slots.items() if mark is None), None)
        if empty is None:
            raise SteleError(NO_SLOT, "there is no empty slot in the tape unit")
        return empty

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        ready = self.ready.is_set()
        return with_tapes(picture, self._carriers, self._changer.slots, self._seats, ready=ready)

    @contextmanager
    def _showing(self, seat: TapeSeat, during: DriveState) -> Iterator[None]:
        """Show on a drive what is done with it."""
        seat.state = during
        self._changed()
        try:
            yield
        finally:
            if seat.fault is None:
                seat.state = DriveState.LOADED
            self._changed()


def _number(holding: Holding) -> int:
    if holding.tape_file is None:
        message = f"volume {holding.volume_id} is no whole file of medium {holding.medium_id}"
        raise SteleError(5108, message)
    return holding.tape_file


async def _is_blank(drive: TapeDrive) -> bool:
    """Whether nothing at all is on the tape: not even the first file."""
    stream = drive.read(0)
    try:
        await anext(aiter(stream), None)
    except HalError as error:
        if error.code != NO_TAPE_FILE:
            raise
        return True
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    return False
