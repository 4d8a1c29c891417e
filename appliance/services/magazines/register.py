"""Which magazine is where, and where its discs belong while it is out.

A disc in a magazine that was taken out is *offline*: it has no slot, but a position in its
magazine. Wherever the magazine is put in again, the same positions are its discs' homes. Each
coming and going is one transaction with all its discs (I2, I8).
"""

from collections.abc import Mapping, Sequence

from sqlite_utils import Database, Migrations

from appliance.contract.messages import MagazineMoved
from appliance.contract.states import SlotState
from appliance.services.events import EventSink
from appliance.services.media import Media, Medium
from appliance.services.slots import Slots

MIGRATIONS = Migrations("magazines")

_TAG_DIGITS = 10


@MIGRATIONS()
def create_magazines(db: Database) -> None:
    db.conn.execute(
        "CREATE TABLE magazines (id TEXT PRIMARY KEY, place TEXT UNIQUE) STRICT, WITHOUT ROWID"
    )


def magazine_id(tag: str) -> str:
    """The same id from either of a magazine's two transponders, of which the longer is filled up
    with zeros in front."""
    return tag.lstrip("0").rjust(_TAG_DIGITS, "0").upper()


class Register:
    """The rows. Every change of them changes the places of the discs with it."""

    def __init__(
        self,
        db: Database,
        slots_of: Mapping[str, Sequence[str]],
        *,
        slots: Slots,
        media: Media,
        events: EventSink,
    ) -> None:
        """`slots_of` are the slots that a magazine brings to each place, in order of position."""
        MIGRATIONS.apply(db)
        self._db = db
        self._slots_of = {place: tuple(names) for place, names in slots_of.items()}
        self._place_of = {slot: place for place, part in self._slots_of.items() for slot in part}
        self._slots = slots
        self._media = media
        self._events = events

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(self._slots_of)

    def slots_of(self, place: str) -> tuple[str, ...]:
        return self._slots_of[place]

    def place_of_slot(self, slot: str) -> str | None:
        """The magazine's place that the slot is in, if it is in one."""
        return self._place_of.get(slot)

    def at(self, place: str) -> str | None:
        """The magazine that is in a place, as far as is known."""
        row = self._db.conn.execute("SELECT id FROM magazines WHERE place = ?", (place,)).fetchone()
        return str(row[0]) if row else None

    def by_place(self) -> dict[str, str]:
        """Every magazine that is in."""
        rows = self._db.conn.execute("SELECT place, id FROM magazines WHERE place IS NOT NULL")
        return dict(rows.fetchall())

    def place_of(self, magazine: str) -> str | None:
        """Where a magazine is in; unset when it is out, or was never seen."""
        row = self._db.conn.execute(
            "SELECT place FROM magazines WHERE id = ?", (magazine,)
        ).fetchone()
        return row[0] if row else None

    def knows(self, magazine: str) -> bool:
        row = self._db.conn.execute("SELECT 1 FROM magazines WHERE id = ?", (magazine,)).fetchone()
        return row is not None

    def discs_at(self, place: str) -> list[Medium]:
        """The discs whose homes are in the magazine of a place, wherever they are now."""
        found = map(self._media.with_home, self._slots_of[place])
        return [medium for medium in found if medium is not None]

    def take_out(self, place: str) -> list[Medium]:
        """The magazine of a place is gone. Returns its discs that are not in it."""
        magazine = self.at(place)
        left = []
        with self._db.atomic():
            discs = 0
            for position, slot in enumerate(self._slots_of[place]):
                medium = self._media.with_home(slot)
                if medium is not None and magazine is not None:
                    if medium.is_home:
                        discs += 1
                    elif medium.drive or medium.robot is not None:
                        left.append(medium)
                    self._media.go_offline(medium.id, magazine, position)
                self._slots.see(slot, SlotState.AWAY)
            if magazine is not None:
                self._db.conn.execute("UPDATE magazines SET place = NULL WHERE id = ?", (magazine,))
                self._events.append(MagazineMoved(magazine, None, discs))
        return left

    def put_in(self, magazine: str, place: str) -> None:
        """A magazine is in a place that had none: its positions are its discs' homes again.

        What else is in it nobody knows until it was looked into. A magazine seen for the first time
        where discs are known already has brought those.
        """
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO magazines (id, place) VALUES (?, ?) "
                "ON CONFLICT(id) DO UPDATE SET place = excluded.place",
                (magazine, place),
            )
            names = self._slots_of[place]
            for slot in names:
                found = self._slots.find(slot)
                if found is not None and found.state is SlotState.AWAY:
                    self._slots.see(slot, SlotState.UNKNOWN)
            for medium in self._media.of_magazine(magazine):
                if medium.position is not None and medium.position < len(names):
                    self._media.come_back(medium.id, names[medium.position])
            discs = sum(medium.is_home for medium in self.discs_at(place))
            self._events.append(MagazineMoved(magazine, place, discs))
