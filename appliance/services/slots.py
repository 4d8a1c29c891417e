"""The slots of the library, and what each was last seen to be."""

from datetime import datetime

from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.states import SlotState

MIGRATIONS = Migrations("slots")


@MIGRATIONS()
def create_slots(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE slots (
            name TEXT PRIMARY KEY,
            number INTEGER NOT NULL,
            state TEXT NOT NULL,
            probed_at TEXT) STRICT"""
    )


class Slot(Struct, frozen=True):
    """A slot as last seen; `probed_at` is unset until the robot has looked into it."""

    name: str
    state: SlotState
    probed_at: datetime | None


class Slots:
    """The rows."""

    def __init__(self, db: Database, names: tuple[str, ...]) -> None:
        """Make a row for each of the changer's slots; those that it no longer has stay."""
        MIGRATIONS.apply(db)
        self._db = db
        with db.atomic():
            db.conn.executemany(
                "INSERT INTO slots VALUES (?, ?, ?, NULL) "
                "ON CONFLICT(name) DO UPDATE SET number = excluded.number",
                [(name, number, SlotState.UNKNOWN) for number, name in enumerate(names)],
            )

    def all(self) -> list[Slot]:
        rows = self._db.conn.execute("SELECT name, state, probed_at FROM slots ORDER BY number")
        return [_slot(row) for row in rows]

    def find(self, name: str) -> Slot | None:
        row = self._db.conn.execute(
            "SELECT name, state, probed_at FROM slots WHERE name = ?", (name,)
        ).fetchone()
        return _slot(row) if row else None

    def were_surveyed(self) -> bool:
        """Whether the robot has ever looked into a slot."""
        row = self._db.conn.execute("SELECT count(probed_at) FROM slots").fetchone()
        return bool(row[0])

    def free(self) -> str | None:
        """A slot seen empty that is no medium's home."""
        row = self._db.conn.execute(
            "SELECT name FROM slots WHERE state = ? "
            "AND name NOT IN (SELECT home_slot FROM media WHERE home_slot IS NOT NULL) "
            "ORDER BY number LIMIT 1",
            (SlotState.EMPTY,),
        ).fetchone()
        return str(row[0]) if row else None

    def see(self, name: str, state: SlotState, at: datetime | None = None) -> None:
        """Remember what a slot was found to be; `at` is set when the robot's probe looked."""
        self._db.conn.execute(
            "UPDATE slots SET state = ?, probed_at = coalesce(?, probed_at) WHERE name = ?",
            (state, at.isoformat() if at else None, name),
        )


def _slot(row: tuple[str, str, str | None]) -> Slot:
    return Slot(row[0], SlotState(row[1]), datetime.fromisoformat(row[2]) if row[2] else None)
