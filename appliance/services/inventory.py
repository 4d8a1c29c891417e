"""What is written down when a disc is where none was expected, or is not where it was.

Each has its number, and stands as an alarm until it is put right.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlite_utils import Database

from appliance.contract.messages import ErrorInfo
from appliance.contract.states import MediumState, SlotState
from appliance.services.alarms import Alarms
from appliance.services.losses import TAKEN, Losses
from appliance.services.media import OUTSIDE, Media, Medium, slot_place
from appliance.services.slots import Slots

APPEARED = 2216
MISSED = timedelta(minutes=15)
"""How long a disc that was taken without a job may be in somebody's hand before it is lost."""


class Inventory:
    """The one way in which discs come into slots and leave them by a person's hand."""

    def __init__(
        self,
        db: Database,
        *,
        slots: Slots,
        media: Media,
        losses: Losses,
        alarms: Alarms,
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._slots = slots
        self._media = media
        self._losses = losses
        self._alarms = alarms
        self._now = now
        self._changed = changed

    def notice(self, slot: str, *, present: bool) -> None:
        """A sensor says what no job has brought about."""
        medium = self._media.with_home(slot)
        with self._db.atomic():
            self._look(slot, present=present)
            if present and medium is None:
                self.take_in(slot)
                told = f"a disc that nobody announced is in slot {slot}"
                self._alarms.sound(slot_place(slot), ErrorInfo(APPEARED, told))
            elif present and medium is not None and medium.place == OUTSIDE:
                self.welcome(medium, slot)
            elif not present:
                self._alarms.clear(slot_place(slot), APPEARED)
                if medium is not None and medium.is_home:
                    self._losses.miss_medium(medium.id)
        self._changed()

    def give_up(self) -> None:
        """What has been missed for long is lost."""
        before = self._now() - MISSED
        for alarm in self._alarms.telemetry().alarms:
            if alarm.error.code == TAKEN and alarm.raised_at < before:
                self._losses.confirm(alarm.where.removeprefix("medium:"))
                self._changed()

    def take_in(self, slot: str) -> Medium:
        """A new disc stands in a slot; the one that is known there, if it does."""
        with self._db.atomic():
            self._look(slot, present=True)
            medium = self._media.with_home(slot)
            if medium is None:
                return self._media.add(slot_place(slot), slot, MediumState.UNSEEN)
            if medium.place == OUTSIDE:
                self.welcome(medium, slot)
            return medium

    def welcome(self, medium: Medium, slot: str) -> None:
        """A medium is back from outside, and trusted no longer: a verified one is written."""
        with self._db.atomic():
            self._media.relocate(medium.id, slot_place(slot))
            if medium.state is MediumState.VERIFIED:
                self._media.mark(medium.id, MediumState.WRITTEN)
            self._alarms.clear(f"medium:{medium.id}")

    def let_go(self, medium_id: str) -> None:
        """A person has taken the disc out as it was wished; its slot is free for another."""
        with self._db.atomic():
            home = self._media.get(medium_id).home_slot
            self._media.relocate(medium_id, OUTSIDE)
            self._media.leave_home(medium_id)
            if home is not None:
                self._look(home, present=False)
                self._alarms.clear(slot_place(home))

    def _look(self, slot: str, *, present: bool) -> None:
        self._slots.see(slot, SlotState.FULL if present else SlotState.EMPTY, self._now())
