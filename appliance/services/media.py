"""The inventory: every medium, where it is, and what is known of it.

The database itself keeps two invariants: a partial unique index lets two media never share a slot,
a drive or a gripper (I2), and a trigger lets a medium's state never climb back to one that may be
burned (I7). While a robot has a medium under way its place is ``robot``, or ``robot:<node>``.

Media carry no marking that the robot can read, so an id is drawn when a medium is first found in a
slot, and the slot becomes its home.
"""

import secrets
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo, MediumChanged
from appliance.contract.states import MediumState, SlotState
from appliance.services.events import EventSink
from appliance.services.slots import Slots

ROBOT = "robot"
OUTSIDE = "outside"
MAGAZINE = "magazine:"
OFFLINE = 2210
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

MIGRATIONS = Migrations("media")


@MIGRATIONS()
def create_media(db: Database) -> None:
    for statement in (
        """CREATE TABLE media (
            id TEXT PRIMARY KEY,
            home_slot TEXT UNIQUE REFERENCES slots(name),
            place TEXT NOT NULL,
            state TEXT NOT NULL,
            volume_id TEXT,
            label TEXT,
            capacity_bytes INTEGER,
            error TEXT) STRICT""",
        f"CREATE UNIQUE INDEX media_place ON media(place) WHERE place <> '{OUTSIDE}'",
        """CREATE TRIGGER media_write_once BEFORE UPDATE OF state ON media
            WHEN OLD.state NOT IN ('unseen', 'blank') AND NEW.state IN ('unseen', 'blank')
            BEGIN SELECT RAISE(ABORT, 'a medium once written is never blank again'); END""",
    ):
        db.conn.execute(statement)


@MIGRATIONS()
def add_magazines(db: Database) -> None:
    for statement in (
        "ALTER TABLE media ADD COLUMN magazine_id TEXT",
        "ALTER TABLE media ADD COLUMN position INTEGER",
        "DROP INDEX media_place",
        "CREATE UNIQUE INDEX media_place ON media(place) "
        f"WHERE place <> '{OUTSIDE}' AND substr(place, 1, {len(MAGAZINE)}) <> '{MAGAZINE}'",
        "CREATE UNIQUE INDEX media_position ON media(magazine_id, position) "
        "WHERE magazine_id IS NOT NULL",
    ):
        db.conn.execute(statement)


class Medium(Struct, frozen=True):
    """One row: a medium that is, or was, in this appliance."""

    id: str
    home_slot: str | None
    place: str
    state: MediumState
    volume_id: str | None
    label: str | None
    capacity_bytes: int | None
    error: ErrorInfo | None
    magazine_id: str | None = None
    """The magazine that it belongs to while that is out; where, says `position`, from 0."""
    position: int | None = None

    @property
    def offline_in(self) -> str | None:
        """The magazine in which it is out of the cabinet."""
        return self.place[len(MAGAZINE) :] if self.place.startswith(MAGAZINE) else None

    @property
    def is_gone(self) -> bool:
        """Whether nothing in this cabinet can reach it."""
        return self.place == OUTSIDE or self.offline_in is not None

    @property
    def drive(self) -> str | None:
        """The drive that it is in, if it is in one."""
        return self.place[6:] if self.place.startswith("drive:") else None

    @property
    def is_home(self) -> bool:
        return self.home_slot is not None and self.place == slot_place(self.home_slot)

    @property
    def robot(self) -> str | None:
        """The unit whose robot has it under way, if one has."""
        kind, _, unit = self.place.partition(":")
        return unit if kind == ROBOT else None


_MEDIUM = (
    "SELECT id, home_slot, place, state, volume_id, label, capacity_bytes, error, magazine_id, "
    "position FROM media "
)


def slot_place(slot: str) -> str:
    return f"slot:{slot}"


def drive_place(drive: str) -> str:
    return f"drive:{drive}"


def robot_place(unit: str) -> str:
    return f"{ROBOT}:{unit}" if unit else ROBOT


def mint_medium_id() -> str:
    """A new id, unique without asking anyone: 60 random bits."""
    return "m-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))


class Media:
    """The rows, and the one way to change them: each change tells the outbox."""

    def __init__(
        self,
        db: Database,
        slots: Slots,
        events: EventSink,
        *,
        mint: Callable[[], str] = mint_medium_id,
    ) -> None:
        MIGRATIONS.apply(db)
        self._db = db
        self._slots = slots
        self._events = events
        self._mint = mint

    def all(self) -> Iterator[Medium]:
        for row in self._db.conn.execute(_MEDIUM + "ORDER BY rowid").fetchall():
            yield _medium(row)

    def burnable(self) -> list[Medium]:
        """Those that may still be burned."""
        rows = self._db.conn.execute(
            _MEDIUM + "WHERE state IN (?, ?) ORDER BY rowid",
            (MediumState.UNSEEN, MediumState.BLANK),
        ).fetchall()
        return [_medium(row) for row in rows]

    def find(self, medium_id: str) -> Medium | None:
        return self._one("WHERE id = ?", medium_id)

    def get(self, medium_id: str) -> Medium:
        """The medium.

        Raises:
            SteleError: 2201 it is not known here.
        """
        medium = self.find(medium_id)
        if medium is None:
            raise SteleError(2201, f"medium {medium_id} is not known to this appliance")
        return medium

    def at(self, place: str) -> Medium | None:
        """The medium in a slot, a drive or the gripper."""
        return self._one("WHERE place = ? AND place <> 'outside'", place)

    def of_magazine(self, magazine: str) -> list[Medium]:
        """Those whose place is in a magazine that is out, wherever they are now."""
        rows = self._db.conn.execute(
            _MEDIUM + "WHERE magazine_id = ? ORDER BY position", (magazine,)
        ).fetchall()
        return [_medium(row) for row in rows]

    def with_home(self, slot: str) -> Medium | None:
        return self._one("WHERE home_slot = ?", slot)

    def add(self, place: str, home_slot: str | None, state: MediumState) -> Medium:
        """Take a medium that nobody knew into the inventory."""
        medium_id = self._mint()
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO media (id, home_slot, place, state) VALUES (?, ?, ?, ?)",
                (medium_id, home_slot, place, state),
            )
            self._tell(medium_id)
        return self.get(medium_id)

    def relocate(self, medium_id: str, place: str, error: ErrorInfo | None = None) -> None:
        """Record where it is now. On its way in the robot nobody is told: that is telemetry."""
        with self._db.atomic():
            before = self.get(medium_id)
            self._db.conn.execute("UPDATE media SET place = ? WHERE id = ?", (place, medium_id))
            home = before.home_slot
            if home is not None:
                there = place == slot_place(home)
                self._slots.see(home, SlotState.FULL if there else SlotState.EMPTY)
            if place.partition(":")[0] != ROBOT:
                self._tell(medium_id, error)

    def settle_home(self, medium_id: str, slot: str) -> None:
        """Give a medium without a home slot one."""
        self._db.conn.execute(
            "UPDATE media SET home_slot = ?, magazine_id = NULL, position = NULL WHERE id = ?",
            (slot, medium_id),
        )

    def leave_home(self, medium_id: str) -> None:
        """Its slot is free for another: it has been taken out for good, or was never there."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE media SET home_slot = NULL, magazine_id = NULL, position = NULL "
                "WHERE id = ?",
                (medium_id,),
            )
            self._tell(medium_id)

    def go_offline(self, medium_id: str, magazine: str, position: int) -> None:
        """Its magazine has been taken out, and it with it if it was home."""
        with self._db.atomic():
            before = self.get(medium_id)
            place = f"{MAGAZINE}{magazine}" if before.is_home else before.place
            self._db.conn.execute(
                "UPDATE media SET home_slot = NULL, magazine_id = ?, position = ?, place = ? "
                "WHERE id = ?",
                (magazine, position, place, medium_id),
            )
            self._tell(medium_id)

    def come_back(self, medium_id: str, slot: str) -> None:
        """Its magazine is in again: the slot is its home, and there it is if it was in it."""
        with self._db.atomic():
            before = self.get(medium_id)
            place = slot_place(slot) if before.offline_in else before.place
            self._db.conn.execute(
                "UPDATE media SET home_slot = ?, magazine_id = NULL, position = NULL, place = ? "
                "WHERE id = ?",
                (slot, place, medium_id),
            )
            if before.place != OUTSIDE:
                home = place == slot_place(slot)
                self._slots.see(slot, SlotState.FULL if home else SlotState.EMPTY)
            self._tell(medium_id)

    def measure(self, medium_id: str, capacity_bytes: int | None) -> None:
        """Record that a drive found it blank, and how much it takes."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE media SET state = ?, capacity_bytes = coalesce(?, capacity_bytes) "
                "WHERE id = ?",
                (MediumState.BLANK, capacity_bytes, medium_id),
            )
            self._tell(medium_id)

    def adopt(self, medium_id: str, volume_id: str, label: str) -> None:
        """A disc of which nothing was known bears a volume; nobody has verified it."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE media SET state = ?, volume_id = ?, label = ? WHERE id = ?",
                (MediumState.WRITTEN, volume_id, label, medium_id),
            )
            self._tell(medium_id)

    def begin_burn(self, medium_id: str, volume_id: str, label: str) -> None:
        """The point of no return: from this commit on it is never burned again."""
        with self._db.atomic():
            changed = self._db.conn.execute(
                "UPDATE media SET state = ?, volume_id = ?, label = ? "
                "WHERE id = ? AND state IN ('unseen', 'blank')",
                (MediumState.BURNING, volume_id, label, medium_id),
            ).rowcount
            if not changed:
                raise SteleError(3302, f"medium {medium_id} has been written and is left alone")
            self._tell(medium_id)

    def mark(self, medium_id: str, state: MediumState, error: ErrorInfo | None = None) -> None:
        """Record what it is now known to be."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE media SET state = ?, error = ? WHERE id = ?",
                (state, msgspec.json.encode(error).decode() if error else None, medium_id),
            )
            self._tell(medium_id, error)

    def _one(self, where: str, value: str) -> Medium | None:
        row = self._db.conn.execute(_MEDIUM + where, (value,)).fetchone()
        return _medium(row) if row else None

    def _tell(self, medium_id: str, error: ErrorInfo | None = None) -> None:
        m = self.get(medium_id)
        self._events.append(
            MediumChanged(
                medium_id=m.id,
                place=m.place,
                state=m.state,
                home_slot=m.home_slot,
                volume_id=m.volume_id,
                label=m.label,
                capacity_bytes=m.capacity_bytes,
                error=error,
                magazine_id=m.magazine_id,
            )
        )


def _medium(
    row: tuple[
        str, str | None, str, str, str | None, str | None, int | None, str, str | None, int | None
    ],
) -> Medium:
    error = msgspec.json.decode(row[7], type=ErrorInfo) if row[7] else None
    return Medium(row[0], row[1], row[2], MediumState(row[3]), *row[4:7], error, *row[8:])


def offline(medium: Medium) -> SteleError:
    """Why nothing can be done with a medium whose magazine is out."""
    return SteleError(
        OFFLINE,
        f"medium {medium.id} is offline in magazine {medium.offline_in}: put that magazine in",
    )
