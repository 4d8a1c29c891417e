"""The library service: which media there are, where each is, and who may use which drive.

One door over the inventory, the robots and the drives. A job takes a medium (`reservations`,
`reserve_blank`), then a drive of the medium's unit (`drives`), then brings the two together
(`bring`), always in that order, so that no two jobs can wait for each other.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from sqlite_utils import Database

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import DriveState, MediumState, SlotState
from appliance.hardware import Unit
from appliance.services.alarms import Alarms
from appliance.services.catalogue import Catalogue
from appliance.services.drives import Drives, Seat
from appliance.services.events import EventSink
from appliance.services.interlock import Interlock
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE, Media, Medium, slot_place
from appliance.services.mover import Mover
from appliance.services.moves import Moves
from appliance.services.reservations import Reservations
from appliance.services.slots import Slots
from appliance.services.units import LibraryUnit, Units
from appliance.services.views import library_view
from hal.errors import HalError
from hal.interfaces.guidance import Guide

LIBRARY = "library"
"""Where the alarms of the whole library stand."""
NO_BLANK = 2206
WRONG_SLOT, SILENT_SENSOR = 2130, 2131
"""What a person does wrong, and what may look as if."""
SHARED_LOADS_MAX = 16
"""How many jobs in a row may use one load of a disc before the drive goes to the next in line."""


class Library:
    """Inventory, moves and drives of one appliance."""

    def __init__(
        self,
        db: Database,
        units: Mapping[str, Unit],
        *,
        events: EventSink,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        interlock: Interlock | None = None,
    ) -> None:
        self._now = now
        self._changed = changed
        self._db = db
        self.alarms = Alarms(db, events, now)
        self.slots = Slots(db, {name: unit.changer.slots for name, unit in units.items()})
        self.media = Media(db, self.slots, events)
        self.catalogue = Catalogue(db, now)
        self.losses = Losses(
            db, media=self.media, catalogue=self.catalogue, alarms=self.alarms, events=events
        )
        self.drives = Drives({n: unit.drives for n, unit in units.items()}, self.alarms, changed)
        self.interlock = interlock or Interlock()
        self.units = Units(
            {name: self._unit(unit) for name, unit in units.items()},
            self.slots,
            self.drives,
            self._unit_changed,
        )
        self.reservations = Reservations()
        self._surveys = 0
        self._found_one = asyncio.Event()
        self._shared_loads: dict[str, int] = {}

    def _unit(self, unit: Unit) -> LibraryUnit:
        mover = Mover(
            self._db,
            unit,
            moves=Moves(self._db, unit.name, self.media, self._now),
            slots=self.slots,
            media=self.media,
            losses=self.losses,
            alarms=self.alarms,
            interlock=self.interlock,
            changed=self._changed,
        )
        made = LibraryUnit(unit.name, unit.changer, mover, self.drives, by_hand=unit.by_hand)
        if made.guide is not None:
            made.guide.guard_trays(self.interlock.motion)
            made.guide.watch(partial(self._heed_guide, made.guide, mover.alarm_place))
        return made

    def _heed_guide(self, guide: Guide, place: str) -> None:
        """A person is asked for something else, or has made a mistake, or put it right."""
        if guide.mistake is not None:
            self.alarms.sound(place, info_of(guide.mistake))
        else:
            self.alarms.clear(place, WRONG_SLOT)
            self.alarms.clear(place, SILENT_SENSOR)
        self._changed()

    def _unit_changed(self) -> None:
        self._found_one.set()
        self._changed()

    def mover_of(self, drive: str) -> Mover:
        """The mover of the unit that a drive is in."""
        return self.units.of_drive(drive).mover

    def begin_unit(self, unit: LibraryUnit) -> None:
        """It is known where the unit's media are: its work may begin."""
        unit.ready.set()
        self._unit_changed()

    async def reserve_blank(self, job_id: str, size_bytes: int) -> Medium:
        """Have a medium that is blank, or presumed so, and not known to be too small.

        Of the units that work the one with least to do gives it; of its blanks the smallest known
        one that takes the volume is preferred, then media that no drive has looked at. While an
        inventory is being taken, or a unit with blanks is not ready, waits for what comes of it.

        Raises:
            SteleError: 2206 there is none; an alarm stands until there is.
        """
        while (medium := self._find_blank(size_bytes)) is None:
            if not self._surveys and not any(self._blanks(size_bytes, ready=False)):
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

    def has_blank_elsewhere(self, unit: LibraryUnit, size_bytes: int) -> bool:
        """Whether another unit that works could burn so much."""
        return any(
            other is not unit and other.works for other, _ in self._blanks(size_bytes, ready=True)
        )

    def _find_blank(self, size_bytes: int) -> Medium | None:
        load = self._loads()

        def rank(found: tuple[LibraryUnit, Medium]) -> tuple[bool, float, float]:
            unit, medium = found
            return not unit.works, load[unit.name], medium.capacity_bytes or float("inf")

        best = min(self._blanks(size_bytes, ready=True), key=rank, default=None)
        return best[1] if best else None

    def _blanks(self, size_bytes: int, *, ready: bool) -> Iterator[tuple[LibraryUnit, Medium]]:
        """Free blanks that take so much, in units that are ready, or in those that are not yet."""
        for medium in self.media.burnable():
            unit = self.units.find(medium)
            if (
                unit is not None
                and unit.ready.is_set() is ready
                and medium.is_home
                and self.reservations.holder(medium.id) is None
                and (medium.capacity_bytes is None or medium.capacity_bytes >= size_bytes)
            ):
                yield unit, medium

    def _loads(self) -> dict[str, float]:
        """How much waits for each unit: jobs that have one of its media, a drive in service."""
        jobs = Counter(
            unit.name
            for medium_id in self.reservations.held()
            if (medium := self.media.find(medium_id)) and (unit := self.units.find(medium))
        )
        return {
            unit.name: jobs[unit.name]
            / max(1, sum(seat.fault is None for seat in self.drives.of_unit(unit.name)))
            for unit in self.units
        }

    async def bring(self, medium_id: str, seat: Seat) -> None:
        """Have the medium in the closed drive. Raises as `Mover.load` does."""
        if self.media.get(medium_id).drive != seat.name:
            with self.occupied(seat, DriveState.LOADING, DriveState.LOADED):
                await self.mover_of(seat.name).load(medium_id, seat.name)
        seat.state = DriveState.LOADED

    async def put_away(self, medium_id: str, seat: Seat | None) -> None:
        """Have the medium in its slot and the drive free for others.

        Raises:
            HalError: the medium is still in the drive, or in the robot's jaws.
            SteleError: 2202 lost on the way, 2205 no empty slot.
        """
        try:
            mover = self.units.of_medium(self.media.get(medium_id)).mover
            if seat is None:
                await mover.shelve(medium_id)
            else:
                with self.occupied(seat, DriveState.UNLOADING, DriveState.EMPTY):
                    await mover.shelve(medium_id)
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
        unit = self.units.of_slot(slot)
        if unit is None or (medium and medium.place != OUTSIDE and not medium.is_home):
            return
        if self.slots.is_away(slot):
            return
        present = await unit.mover.probe(slot)
        medium = self.media.with_home(slot)
        with self._db.atomic():
            if self.slots.is_away(slot):
                return  # its magazine was pulled meanwhile
            if medium is None or medium.is_home or medium.place == OUTSIDE:
                self._see(slot, medium, present=present)
        self._found_one.set()
        self._changed()

    def _see(self, slot: str, medium: Medium | None, *, present: bool) -> None:
        self.slots.see(slot, SlotState.FULL if present else SlotState.EMPTY, self._now())
        if not present:
            if medium is not None and medium.is_home:
                self.losses.lose_medium(medium.id)
            elif medium is not None:
                self.losses.confirm(medium.id)
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
            units=self.units,
            alarms=self.alarms,
        )
