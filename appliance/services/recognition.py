"""What the inventory makes of the identities that were read from discs.

A disc that turns out to be another one of this archive gets its own name back; discs that were
exchanged have their slots exchanged. What cannot be told apart stands as an alarm.
"""

from collections.abc import Mapping
from typing import Protocol

from sqlite_utils import Database

from appliance.contract.messages import ErrorInfo
from appliance.contract.states import MediumState
from appliance.services.alarms import Alarms
from appliance.services.inventory import APPEARED
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE, Media, Medium, slot_place
from appliance.services.mover import DOUBLY_TAKEN

OTHER_DISC, NOT_OURS = 2225, 2226
UNKNOWN_LABEL = 2233


class Read(Protocol):
    """What a disc says of itself; neither blank nor a volume means that it is foreign."""

    @property
    def is_blank(self) -> bool: ...
    @property
    def volume_id(self) -> str | None: ...
    @property
    def label(self) -> str: ...
    @property
    def capacity_bytes(self) -> int | None: ...


class Recognition:
    """Brings names and slots together."""

    def __init__(self, db: Database, media: Media, losses: Losses, alarms: Alarms) -> None:
        self._db = db
        self._media = media
        self._losses = losses
        self._alarms = alarms

    def recognise(self, found: Mapping[str, Read]) -> None:
        """Take in what was read, by the id of the medium that should be in that slot."""
        with self._db.atomic():
            astray: dict[str, Read] = {}
            for medium_id, read in found.items():
                medium = self._media.get(medium_id)
                if not medium.is_home:
                    continue
                if medium.volume_id is not None and medium.volume_id != read.volume_id:
                    astray[medium_id] = read
                else:
                    self._accept(medium, read)
            self._exchange(astray)

    def _accept(self, medium: Medium, read: Read) -> None:
        """It is the disc that it should be, or one of which nothing was known."""
        place = slot_place(medium.home_slot or "")
        for code in (OTHER_DISC, UNKNOWN_LABEL, APPEARED, DOUBLY_TAKEN):
            self._alarms.clear(place, code)
        if medium.volume_id is not None:
            return
        if read.is_blank:
            if medium.state.may_be_burned:
                self._media.measure(medium.id, read.capacity_bytes)
        elif read.volume_id is None:
            error = ErrorInfo(NOT_OURS, f"the disc in {place} bears nothing of this archive")
            if medium.state is not MediumState.FOREIGN:
                self._media.mark(medium.id, MediumState.FOREIGN, error)
            self._alarms.sound(place, error)
        else:
            self._name(medium, read)

    def _name(self, medium: Medium, read: Read) -> None:
        """A disc without a name bears a volume: one that is missing, or one never seen here."""
        volume_id = read.volume_id or ""
        missing = [
            other
            for other in self._media.all()
            if other.volume_id == volume_id and other.place == OUTSIDE
        ]
        if len(missing) != 1:
            self._media.adopt(medium.id, volume_id, read.label)
            return
        slot = medium.home_slot or ""
        self._media.mark(medium.id, MediumState.FOREIGN)
        self._media.relocate(medium.id, OUTSIDE)
        self._media.leave_home(medium.id)
        self._media.settle_home(missing[0].id, slot)
        self._media.relocate(missing[0].id, slot_place(slot))
        self._alarms.clear(f"medium:{missing[0].id}")

    def _exchange(self, astray: Mapping[str, Read]) -> None:
        """Each disc that was found in another slot than its own gets that slot.

        Which of two discs with the same volume it is nobody can tell, and one of which nothing
        can be read may still be the right one: these stand as an alarm.
        """
        media = {medium_id: self._media.get(medium_id) for medium_id in astray}
        to: dict[str, str] = {}
        for medium_id, read in astray.items():
            owner = self._owner(read, astray)
            if owner is not None:
                to[owner.id] = media[medium_id].home_slot or ""
        reached = set(to.values())
        left = {i: medium for i, medium in media.items() if i not in to}
        for medium_id, medium in left.items():
            if medium.home_slot in reached or self._is_stranger(astray[medium_id]):
                self._losses.lose_medium(medium_id)
                self._media.leave_home(medium_id)
            else:
                self._tell_other(medium, astray[medium_id])
        self._rehome(to)
        for medium_id, medium in media.items():
            slot = medium.home_slot or ""
            if self._media.with_home(slot) is None:
                found = self._media.add(slot_place(slot), slot, MediumState.UNSEEN)
                self._media.relocate(found.id, slot_place(slot))  # the slot is full
                self._accept(found, astray[medium_id])

    def _owner(self, read: Read, astray: Mapping[str, Read]) -> Medium | None:
        """The one disc that this can be: it bears the volume, and is not where it should be."""
        if read.volume_id is None:
            return None
        found = [
            medium
            for medium in self._media.all()
            if medium.volume_id == read.volume_id
            and (medium.id in astray or medium.place == OUTSIDE)
        ]
        times = sum(other.volume_id == read.volume_id for other in astray.values())
        return found[0] if len(found) == times == 1 else None

    def _is_stranger(self, read: Read) -> bool:
        """Whether it is certainly none of the discs that are known here."""
        if read.volume_id is None:
            return read.is_blank
        return all(medium.volume_id != read.volume_id for medium in self._media.all())

    def _tell_other(self, medium: Medium, read: Read) -> None:
        place = slot_place(medium.home_slot or "")
        told = f"in {place} is another disc than {medium.id}: {read.volume_id or 'no volume'}"
        error = ErrorInfo(OTHER_DISC, told)
        self._losses.lose_copies(medium.id, error)
        self._alarms.sound(place, error)

    def _rehome(self, to: Mapping[str, str]) -> None:
        for medium_id in to:
            self._media.relocate(medium_id, OUTSIDE)
            self._media.leave_home(medium_id)
        for medium_id, slot in to.items():
            self._media.settle_home(medium_id, slot)
            self._media.relocate(medium_id, slot_place(slot))
            self._alarms.clear(slot_place(slot), OTHER_DISC)
            self._alarms.clear(f"medium:{medium_id}")
