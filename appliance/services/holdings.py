"""Which volumes are on which disk or tape; what was once begun stays listed, also when spoiled.

A volume is begun before its first byte and written when its last is on the medium; only then may it
be verified. A writing that was broken off is spoiled: on a disk nothing of it remains, on a tape
its file stays where it is and is passed over.
"""

from enum import StrEnum

from msgspec import Struct
from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("holdings")


@MIGRATIONS()
def create_holdings(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE holdings (
            number INTEGER PRIMARY KEY,
            medium_id TEXT NOT NULL REFERENCES media(id),
            volume_id TEXT NOT NULL,
            job_id TEXT NOT NULL,
            state TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            tape_file INTEGER) STRICT"""
    )
    db.conn.execute("CREATE INDEX holdings_medium ON holdings(medium_id)")


class HoldingState(StrEnum):
    WRITING = "writing"
    WRITTEN = "written"
    """All of it is on the medium; not verified, or no longer."""
    VERIFIED = "verified"
    SPOILED = "spoiled"


class Holding(Struct, frozen=True):
    """One volume on one medium; `tape_file` is its number on a tape."""

    number: int
    medium_id: str
    volume_id: str
    job_id: str
    state: HoldingState
    size_bytes: int
    tape_file: int | None


_COLUMNS = (
    "SELECT number, medium_id, volume_id, job_id, state, size_bytes, tape_file FROM holdings "
)


class Holdings:
    """The rows."""

    def __init__(self, db: Database) -> None:
        """The inventory's tables must be there already: holdings refer to them."""
        MIGRATIONS.apply(db)
        self._db = db

    def begin(self, medium_id: str, volume_id: str, job_id: str, size_bytes: int) -> Holding:
        """The first byte is about to be written."""
        with self._db.atomic():
            cursor = self._db.conn.execute(
                "INSERT INTO holdings (medium_id, volume_id, job_id, state, size_bytes) "
                "VALUES (?, ?, ?, ?, ?)",
                (medium_id, volume_id, job_id, HoldingState.WRITING, size_bytes),
            )
        row = self._db.conn.execute(_COLUMNS + "WHERE number = ?", (cursor.lastrowid,)).fetchone()
        return _holding(row)

    def finish(self, number: int, tape_file: int | None = None) -> None:
        """The last byte is on the medium."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE holdings SET state = ?, tape_file = ? WHERE number = ?",
                (HoldingState.WRITTEN, tape_file, number),
            )

    def mark(self, number: int, state: HoldingState) -> None:
        with self._db.atomic():
            self._db.conn.execute("UPDATE holdings SET state = ? WHERE number = ?", (state, number))

    def on(self, medium_id: str) -> list[Holding]:
        """All that was ever begun on a medium, oldest first."""
        rows = self._db.conn.execute(_COLUMNS + "WHERE medium_id = ? ORDER BY number", (medium_id,))
        return [_holding(row) for row in rows.fetchall()]

    def find(self, medium_id: str, volume_id: str) -> Holding | None:
        """The volume on the medium, whole or being written."""
        held = [h for h in self.on(medium_id) if h.volume_id == volume_id]
        return next((h for h in reversed(held) if h.state is not HoldingState.SPOILED), None)


def _holding(row: tuple[int, str, str, str, str, int, int | None]) -> Holding:
    return Holding(row[0], row[1], row[2], row[3], HoldingState(row[4]), row[5], row[6])
