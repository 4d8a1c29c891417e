"""The journal of the robot: a move is written down before it begins and closed when it is over.

While a move is open the medium's place is ``robot``. There is at most one, because there is one
robot, and the database refuses a second.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.services.media import ROBOT, Media

MIGRATIONS = Migrations("moves")


@MIGRATIONS()
def create_moves(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE moves (
            id INTEGER PRIMARY KEY,
            medium_id TEXT NOT NULL REFERENCES media(id),
            slot TEXT NOT NULL,
            drive TEXT NOT NULL,
            inward INTEGER NOT NULL,
            began_at TEXT NOT NULL,
            ended_at TEXT,
            found TEXT) STRICT"""
    )
    db.conn.execute("CREATE UNIQUE INDEX moves_open ON moves((1)) WHERE ended_at IS NULL")


class Move(Struct, frozen=True):
    """A medium's way between a slot and a drive; `inward` means into the drive."""

    medium_id: str
    slot: str
    drive: str
    inward: bool


class Moves:
    """The rows. Every change to them changes the medium's place in the same transaction."""

    def __init__(self, db: Database, media: Media, now: Callable[[], datetime]) -> None:
        MIGRATIONS.apply(db)
        self._db = db
        self._media = media
        self._now = now

    def begin(self, move: Move) -> None:
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO moves (medium_id, slot, drive, inward, began_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (move.medium_id, move.slot, move.drive, move.inward, self._now().isoformat()),
            )
            self._media.relocate(move.medium_id, ROBOT)

    def open(self) -> Move | None:
        """The move that was begun and not closed."""
        row = self._db.conn.execute(
            "SELECT medium_id, slot, drive, inward FROM moves WHERE ended_at IS NULL"
        ).fetchone()
        return Move(row[0], row[1], row[2], bool(row[3])) if row else None

    def close(self, medium_id: str, found: str) -> None:
        """Close the open move: its medium was found at this place."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE moves SET ended_at = ?, found = ? WHERE ended_at IS NULL",
                (self._now().isoformat(), found),
            )
            self._media.relocate(medium_id, found)
