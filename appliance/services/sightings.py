"""What the camera saw on each disc during an inventory, kept until the inventory is over.

A look takes a robot minutes, so what was seen is on our disk before the next disc is fetched.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.messages import ErrorInfo

MIGRATIONS = Migrations("sightings")


@MIGRATIONS()
def create_sightings(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE sightings (
            medium_id TEXT PRIMARY KEY REFERENCES media(id),
            job_id TEXT NOT NULL,
            code TEXT,
            error TEXT) STRICT"""
    )


class Sighting(Struct, frozen=True):
    """What the label of one disc says, or why nobody can tell."""

    code: str | None = None
    error: ErrorInfo | None = None


class Sightings:
    """The rows of one inventory; those of any other are forgotten."""

    def __init__(self, db: Database, job_id: str) -> None:
        self._db = db
        self._job_id = job_id
        with db.atomic():
            db.conn.execute("DELETE FROM sightings WHERE job_id <> ?", (job_id,))

    def keep(self, medium_id: str, sighting: Sighting) -> None:
        error = msgspec.json.encode(sighting.error).decode() if sighting.error else None
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO sightings VALUES (?, ?, ?, ?) ON CONFLICT(medium_id) DO UPDATE "
                "SET job_id = excluded.job_id, code = excluded.code, error = excluded.error",
                (medium_id, self._job_id, sighting.code, error),
            )

    def all(self) -> Mapping[str, Sighting]:
        """By the id of the medium that should be in the slot."""
        rows = self._db.conn.execute(
            "SELECT medium_id, code, error FROM sightings WHERE job_id = ?", (self._job_id,)
        ).fetchall()
        return {row[0]: Sighting(row[1], _error(row[2])) for row in rows}

    def forget(self) -> None:
        self._db.conn.execute("DELETE FROM sightings")


def _error(text: str | None) -> ErrorInfo | None:
    return msgspec.json.decode(text, type=ErrorInfo) if text else None
