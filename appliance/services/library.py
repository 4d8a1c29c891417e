"""The library service: which media there are, where each is, and who may use which drive.

One door over the inventory, the robot and the drives. A job takes a medium (`reservations`,
`reserve_blank`), then a drive (`drives`), then brings the two together (`bring`), always in that
order, so that no two jobs can wait for each other.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlite_utils import Database

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import DriveState, MediumState, SlotState
from appliance.services.alarms import Alarms
from appliance.services.catalogue import Catalogue
from appliance.services.drives import Drives, Seat
from appliance.services.events import EventSink
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE, Media, Medium, slot_place
from appliance.services.mover import Mover
from appliance.services.moves import Moves
from appliance.services.reservations import Reservations
from appliance.services.slots import Slots
from appliance.services.views import library_view
from hal.errors import HalError
from hal.interfaces.changer import Changer
from hal.interfaces.optical_drive import OpticalDrive

LIBRARY = "library"
"""Where the alarms of the whole library stand."""
NO_BLANK = 2206
SHARED_LOADS_MAX = 16
"""How many jobs in a row may use one load of a disc before the drive goes to the next in line."""


class Library:
    """Inventory, moves and drives of one appliance."""

    def __init__(
        self,
        db: Database,
        changer: Changer,
        drives: Mapping[str, OpticalDrive],
        *,
        events: EventSink,
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._now = now
        self._changed = changed
        self._changer = changer
        self._db = db
        self.alarms = Alarms(db, events, now)
        self.slots = Slots(db, changer.slots)
        self.media = Media(db, self.slots, events)
        self.catalogue = Catalogue(db, now)
        self.losses = Losses(
            db, media=self.media, catalogue=self.catalogue, alarms=self.alarms, events=events
        )
        self.mover = Mover(
            db,
            changer,
            drives,
            moves=Moves(db, self.media, now),
            slots=self.slots,
            media=self.media,
            losses=self.losses,
            alarms=self.alarms,
            changed=changed,
        )
        self.drives = Drives(drives, self.alarms, changed)
        self.reservations = Reservations()
        self._surveys = 0
        self._found_one = asyncio.Event()
        self._shared_loads: dict[str, int] = {}

    async def reserve_blank(self, job_id: str, size_bytes: int) -> Medium:
        """Have a medium that is blank, or presumed so, and not known to be too small.

        The smallest known blank that takes the volume is preferred, then media that no drive has
        looked at. While an inventory is being taken, waits for what it finds.

        Raises:
            SteleError: 2206 there is none; an alarm stands until there is.
        """
        while (medium := self._find_blank(size_bytes)) is None:
            if not self._surveys:
                error = SteleError(
                    NO_BLANK, f"no blank disc for {size_bytes} bytes is left in this library"
                )
                self.alarms.sound(LIBRARY, error.info)
                raise error
            self._found_one.clear()
            await self._found_one.wait()
        await self.reservations.take(medium.id, job_id)
        self.alarms.clear(LIBRARY, NO_BLANK)
        return medium

    def _find_blank(self, size_bytes: int) -> Medium | None:
        fit = [
            medium
            for medium in self.media.all()
            if medium.state.may_be_burned
            and medium.is_home
            and self.reservations.holder(medium.id) is None
            and (medium.capacity_bytes is None or medium.capacity_bytes >= size_bytes)
        ]
        return min(fit, key=lambda m: m.capacity_bytes or float("inf"), default=None)

    async def bring(self, medium_id: str, seat: Seat) -> None:
        """Have the medium in the closed drive. Raises as `Mover.load` does."""
        if self.media.get(medium_id).drive != seat.name:
            with self.occupied(seat, DriveState.LOADING, DriveState.LOADED):
                await self.mover.load(medium_id, seat.name)
        seat.state = DriveState.LOADED

    async def put_away(self, medium_id: str, seat: Seat | None) -> None:
        """Have the medium in its slot and the drive free for others.

        Raises:
            HalError: the medium is still in the drive, or in the robot's jaws.
            SteleError: 2202 lost on the way, 2205 no empty slot.
        """
        try:
            if seat is None:
                await self.mover.shelve(medium_id)
            else:
                with self.occupied(seat, DriveState.UNLOADING, DriveState.EMPTY):
                    await self.mover.shelve(medium_id)
        except HalError as error:
            if seat is None or not self.media.get(medium_id).is_home:
                raise
            self.drives.suspend(seat, info_of(error))
        if seat is not None:
            self.drives.release(seat)

    def hand_on(self, medium_id: str, seat: Seat) -> bool:
        """Leave the medium in the drive for the next job that wants it, if one waits already."""
        successor = self.reservations.next_in_line(medium_id)
        shared = self._shared_loads.pop(medium_id, 0) + 1
        if successor is None or shared >= SHARED_LOADS_MAX or seat.fault is not None:
            return False
        self._shared_loads[medium_id] = shared
        self.drives.pass_on(seat, successor)
        return True

    @contextmanager
    def occupied(self, seat: Seat, during: DriveState, after: DriveState) -> Iterator[None]:
        """Show what a drive is at; when that fails, what it showed before."""
        before, seat.state = seat.state, during
        self._changed()
        try:
            yield
            before = after
        finally:
            if seat.fault is None:
                seat.state = before
            seat.fraction = seat.speed_bytes_per_s = None
            self._changed()

    @contextmanager
    def surveying(self) -> Iterator[None]:
        """While an inventory is being taken, a job without a blank waits for what is found."""
        self._surveys += 1
        try:
            yield
        finally:
            self._surveys -= 1
            self._found_one.set()

    async def survey(self, slot: str) -> None:
        """Look into one slot with the probe and bring the inventory up to date.

        A slot whose medium is in a drive is left alone. A medium that comes back from outside is
        trusted no longer: a verified one is merely written.
        """
        medium = self.media.with_home(slot)
        if medium is not None and medium.place != OUTSIDE and not medium.is_home:
            return
        present = await self.mover.probe(slot)
        medium = self.media.with_home(slot)
        with self._db.atomic():
            if medium is None or medium.is_home or medium.place == OUTSIDE:
                self._see(slot, medium, present=present)
        self._found_one.set()
        self._changed()

    def _see(self, slot: str, medium: Medium | None, *, present: bool) -> None:
        self.slots.see(slot, SlotState.FULL if present else SlotState.EMPTY, self._now())
        if not present:
            if medium is not None and medium.is_home:
                self.losses.lose_medium(medium.id)
        elif medium is None:
            self.media.add(slot_place(slot), slot, MediumState.UNSEEN)
        elif medium.place == OUTSIDE:
            self.media.relocate(medium.id, slot_place(slot))
            if medium.state is MediumState.VERIFIED:
                self.media.mark(medium.id, MediumState.WRITTEN)
            self.alarms.clear(f"medium:{medium.id}")

    def telemetry(self) -> LibraryTelemetry:
        """The whole library as it stands, from memory and database; asks no hardware."""
        return library_view(
            self._now(),
            slots=self.slots,
            media=self.media,
            drives=self.drives,
            changer=self._changer,
            doing=self.mover.doing,
            alarms=self.alarms,
        )
