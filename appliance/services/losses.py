"""What is written down when a medium or a copy can no longer be relied on."""

from sqlite_utils import Database

from appliance.contract.messages import CopyLost, ErrorInfo
from appliance.services.alarms import Alarms
from appliance.services.catalogue import Catalogue
from appliance.services.events import EventSink
from appliance.services.media import OUTSIDE, Media

TAKEN = 2215


class Losses:
    """Tells the database, the console and the operator of a loss, in one transaction."""

    def __init__(
        self,
        db: Database,
        *,
        media: Media,
        catalogue: Catalogue,
        alarms: Alarms,
        events: EventSink,
    ) -> None:
        self._db = db
        self._media = media
        self._catalogue = catalogue
        self._alarms = alarms
        self._events = events

    def lose_medium(self, medium_id: str) -> None:
        """The medium is in none of the places where it can be."""
        home = self._media.get(medium_id).home_slot or "unknown"
        error = ErrorInfo(2202, f"medium {medium_id} of slot {home} is not where it should be")
        with self._db.atomic():
            self._media.relocate(medium_id, OUTSIDE, error)
            self.lose_copies(medium_id, error)
            self._alarms.sound(f"medium:{medium_id}", error)

    def miss_medium(self, medium_id: str) -> None:
        """Its slot is empty and no job has brought that about: it may come back soon.

        Until `confirm` what is on it counts on.
        """
        slot = self._media.get(medium_id).home_slot
        error = ErrorInfo(TAKEN, f"disc {medium_id} was taken from slot {slot} without a job")
        with self._db.atomic():
            self._media.relocate(medium_id, OUTSIDE, error)
            self._alarms.sound(f"medium:{medium_id}", error)

    def confirm(self, medium_id: str) -> None:
        """A medium that was missed is really gone."""
        place = f"medium:{medium_id}"
        with self._db.atomic():
            if self._alarms.stands(place, TAKEN):
                self._alarms.clear(place, TAKEN)
                self.lose_medium(medium_id)

    def lose_copies(self, medium_id: str, error: ErrorInfo) -> None:
        """Whatever copies were counted on this medium are counted no longer."""
        with self._db.atomic():
            for copy in self._catalogue.lose_copies(medium_id):
                self._events.append(CopyLost(copy.copy_id, copy.volume_id, medium_id, error))

    def lose_copy(self, medium_id: str, volume_id: str, error: ErrorInfo) -> None:
        """One volume of a medium that has several is counted there no longer."""
        with self._db.atomic():
            for copy in self._catalogue.lose_copy(medium_id, volume_id):
                self._events.append(CopyLost(copy.copy_id, copy.volume_id, medium_id, error))
