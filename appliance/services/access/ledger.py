"""Who may have a door open: on the disk, so that a start knows whether an open door was forced.

A row says that the door was locked, or who unlocked it and until when it was to be opened. It is
written before the bolt is drawn and taken back when the bolt is out again, so a firmware that dies
between the two leaves the name of the person behind.
"""

from datetime import datetime

from sqlite_utils import Database, Migrations

from appliance.services.access.people import CodeKind, Holder

MIGRATIONS = Migrations("doors")


@MIGRATIONS()
def create_doors(db: Database) -> None:
    db.conn.execute(
        "CREATE TABLE doors (name TEXT PRIMARY KEY, person TEXT, kind TEXT, until TEXT) "
        "STRICT, WITHOUT ROWID"
    )


class Ledger:
    """One row a door, in the file of the people."""

    def __init__(self, db: Database) -> None:
        MIGRATIONS.apply(db)
        self._db = db
        rows = db.conn.execute("SELECT name, person, kind FROM doors")
        self._known: dict[str, Holder | None] = {
            name: Holder(person, CodeKind(kind)) if person else None for name, person, kind in rows
        }

    def knows(self, door: str) -> bool:
        """Whether the door has been seen locked by this appliance, ever."""
        return door in self._known

    def holder(self, door: str) -> Holder | None:
        """Who unlocked the door that has not been locked since; nobody, when it was locked."""
        return self._known.get(door)

    def unlocked(self, door: str, holder: Holder, until: datetime) -> None:
        """Note it before the bolt is drawn."""
        self._write(door, holder, until.isoformat())

    def locked(self, door: str) -> None:
        """Note it when the bolt is out."""
        if not self.knows(door) or self.holder(door) is not None:
            self._write(door, None, None)

    def _write(self, door: str, holder: Holder | None, until: str | None) -> None:
        person, kind = (holder.person, str(holder.kind)) if holder else (None, None)
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO doors VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "person = excluded.person, kind = excluded.kind, until = excluded.until",
                (door, person, kind, until),
            )
        self._known[door] = holder
