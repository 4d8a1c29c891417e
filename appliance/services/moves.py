"""The journal of the robots: a move is written down before it begins and closed when it is over.

While a move is open its medium's place is the robot's. There is at most one a unit, because a unit
has one robot, and the database refuses a second.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.services.media import Media, robot_place

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


@MIGRATIONS()
def add_units(db: Database) -> None:
    db.conn.execute("ALTER TABLE moves ADD COLUMN unit TEXT NOT NULL DEFAULT ''")
    db.conn.execute("DROP INDEX moves_open")
    db.conn.execute("CREATE UNIQUE INDEX moves_open ON moves(unit) WHERE ended_at IS NULL")


class Move(Struct, frozen=True):
    """A medium's way between a slot and a drive; `inward` means into the drive."""

    medium_id: str
    slot: str
    drive: str
    inward: bool


class Moves:
    """One unit's rows. Every change to them changes the medium's place in the same transaction."""

    def __init__(self, db: Database, unit: str, media: Media, now: Callable[[], datetime]) -> None:
        MIGRATIONS.apply(db)
        self._unit = unit
        self._db = db
        self._media = media
        self._now = now

    def begin(self, move: Move) -> None:
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO moves (unit, medium_id, slot, drive, inward, began_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self._unit,
                    move.medium_id,
                    move.slot,
                    move.drive,
                    move.inward,
                    self._now().isoformat(),
                ),
            )
            self._media.relocate(move.medium_id, robot_place(self._unit))

    def open(self) -> Move | None:
        """The move that was begun and not closed."""
        row = self._db.conn.execute(
            "SELECT medium_id, slot, drive, inward FROM moves WHERE unit = ? AND ended_at IS NULL",
            (self._unit,),
        ).fetchone()
        return Move(row[0], row[1], row[2], bool(row[3])) if row else None

    def close(self, medium_id: str, found: str) -> None:
        """Close the open move: its medium was found at this place."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE moves SET ended_at = ?, found = ? WHERE unit = ? AND ended_at IS NULL",
                (self._now().isoformat(), found, self._unit),
            )
            self._media.relocate(medium_id, found)
