"""Media that take several volumes: hard disks and tapes.

A *carrier* is a row of `media`, so it has an id, a place that it shares with no other medium (I2),
and copies; what only carriers have is here.

A carrier is known by its mark: a disk's serial number, a tape's barcode. Of the states of a medium
it uses: ``unseen`` (a tape that no drive has looked at), ``blank`` (takes volumes, has none),
``written`` (has volumes, and takes more while there is room), ``condemned`` (may be read, is not
written any more), ``foreign`` (holds something else: never touched). Each volume on it has a state
of its own; see `services.holdings`.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo, MediumChanged
from appliance.contract.states import MediumKind, MediumState
from appliance.services.events import EventSink
from appliance.services.media import OUTSIDE, mint_medium_id

MIGRATIONS = Migrations("carriers")
TAKING = (MediumState.UNSEEN, MediumState.BLANK, MediumState.WRITTEN)
"""States in which a carrier takes volumes."""


@MIGRATIONS()
def create_carriers(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE carriers (
            medium_id TEXT PRIMARY KEY REFERENCES media(id),
            kind TEXT NOT NULL,
            mark TEXT NOT NULL,
            home TEXT,
            free_bytes INTEGER,
            UNIQUE (kind, mark)) STRICT"""
    )


@MIGRATIONS()
def add_leaving(db: Database) -> None:
    db.conn.execute("ALTER TABLE carriers ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0")


class Carrier(Struct, frozen=True):
    """One disk or tape. `home` is a tape's slot."""

    id: str
    kind: MediumKind
    mark: str
    home: str | None
    place: str
    state: MediumState
    capacity_bytes: int | None
    free_bytes: int | None
    error: ErrorInfo | None
    leaving: bool = False
    """A person may pull it: its drawer has been released by a job."""

    @property
    def is_here(self) -> bool:
        return self.place != OUTSIDE


_CARRIER = (
    "SELECT id, kind, mark, home, place, state, capacity_bytes, free_bytes, error, leaving "
    "FROM carriers JOIN media ON media.id = carriers.medium_id "
)


class Carriers:
    """The rows, and the one way to change them: each change tells the outbox."""

    def __init__(
        self, db: Database, events: EventSink, *, mint: Callable[[], str] = mint_medium_id
    ) -> None:
        """The inventory's tables must be there already: carriers refer to them."""
        MIGRATIONS.apply(db)
        self._db = db
        self._events = events
        self._mint = mint

    def all(self, kind: MediumKind) -> list[Carrier]:
        rows = self._db.conn.execute(_CARRIER + "WHERE kind = ? ORDER BY media.rowid", (kind,))
        return [_carrier(row) for row in rows.fetchall()]

    def find(self, medium_id: str) -> Carrier | None:
        return self._one("WHERE id = ?", medium_id)

    def get(self, medium_id: str) -> Carrier:
        """The carrier.

        Raises:
            SteleError: 2201 it is not known here.
        """
        carrier = self.find(medium_id)
        if carrier is None:
            raise SteleError(2201, f"medium {medium_id} is not known to this appliance")
        return carrier

    def marked(self, kind: MediumKind, mark: str) -> Carrier | None:
        return self._one("WHERE kind = ? AND mark = ?", kind, mark)

    def at(self, place: str) -> Carrier | None:
        return self._one("WHERE place = ? AND place <> 'outside'", place)

    def add(
        self,
        kind: MediumKind,
        mark: str,
        place: str,
        state: MediumState,
        *,
        home: str | None = None,
        medium_id: str | None = None,
    ) -> Carrier:
        """Take a carrier into the inventory, under the id that it bears, or a new one."""
        if medium_id is None or self._is_taken(medium_id):
            medium_id = self._mint()
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO media (id, place, state) VALUES (?, ?, ?)", (medium_id, place, state)
            )
            self._db.conn.execute(
                "INSERT INTO carriers (medium_id, kind, mark, home) VALUES (?, ?, ?, ?)",
                (medium_id, kind, mark, home),
            )
            self._tell(medium_id)
        return self.get(medium_id)

    def relocate(self, medium_id: str, place: str, home: str | None = None) -> None:
        """Record where it is now, and which slot is its home; whatever was there is outside."""
        with self._db.atomic():
            before = self.get(medium_id)
            self.expect_leave(medium_id, expected=False)
            if (before.place, before.home) == (place, home or before.home):
                return
            other = self.at(place)
            if other is not None and other.id != medium_id:
                self._place(other.id, OUTSIDE)
            self._db.conn.execute(
                "UPDATE carriers SET home = coalesce(?, home) WHERE medium_id = ?",
                (home, medium_id),
            )
            self._place(medium_id, place)

    def expect_leave(self, medium_id: str, *, expected: bool) -> None:
        """Remember, also over a power cut, whether a person has been asked to take it away."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE carriers SET leaving = ? WHERE medium_id = ?", (expected, medium_id)
            )

    def measure(self, medium_id: str, capacity_bytes: int | None, free_bytes: int) -> None:
        """Record how much it takes in all, and still."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE media SET capacity_bytes = coalesce(?, capacity_bytes) WHERE id = ?",
                (capacity_bytes, medium_id),
            )
            self._db.conn.execute(
                "UPDATE carriers SET free_bytes = ? WHERE medium_id = ?",
                (max(0, free_bytes), medium_id),
            )

    def mark(self, medium_id: str, state: MediumState, error: ErrorInfo | None = None) -> None:
        """Record what it is now known to be."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE media SET state = ?, error = ? WHERE id = ?",
                (state, msgspec.json.encode(error).decode() if error else None, medium_id),
            )
            self._tell(medium_id, error)

    def _is_taken(self, medium_id: str) -> bool:
        found = self._db.conn.execute("SELECT 1 FROM media WHERE id = ?", (medium_id,)).fetchone()
        return found is not None

    def _place(self, medium_id: str, place: str) -> None:
        self._db.conn.execute("UPDATE media SET place = ? WHERE id = ?", (place, medium_id))
        self._tell(medium_id)

    def _one(self, where: str, *values: str) -> Carrier | None:
        row = self._db.conn.execute(_CARRIER + where, values).fetchone()
        return _carrier(row) if row else None

    def _tell(self, medium_id: str, error: ErrorInfo | None = None) -> None:
        carrier = self.get(medium_id)
        self._events.append(
            MediumChanged(
                medium_id=carrier.id,
                place=carrier.place,
                state=carrier.state,
                home_slot=carrier.home,
                capacity_bytes=carrier.capacity_bytes,
                error=error,
                kind=carrier.kind,
            )
        )


def _carrier(
    row: tuple[str, str, str, str | None, str, str, int | None, int | None, str | None, int],
) -> Carrier:
    error = msgspec.json.decode(row[8], type=ErrorInfo) if row[8] else None
    return Carrier(
        row[0],
        MediumKind(row[1]),
        row[2],
        row[3],
        row[4],
        MediumState(row[5]),
        *row[6:8],
        error,
        leaving=bool(row[9]),
    )
