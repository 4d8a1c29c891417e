"""What an operator must act on, raised once and cleared once, also across a restart.

An alarm is one code at one place (``changer``, ``drive:d1``, ``library`` …). Its id is made of the
two, so raising it again while it stands changes nothing.
"""

from sqlite_utils import Database, Migrations

from appliance.contract.messages import AlarmCleared, AlarmRaised, ErrorInfo
from appliance.services.events import EventSink

MIGRATIONS = Migrations("alarms")


@MIGRATIONS()
def create_alarms(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE alarms (
            place TEXT NOT NULL,
            code INTEGER NOT NULL,
            message TEXT NOT NULL,
            PRIMARY KEY (place, code)) STRICT, WITHOUT ROWID"""
    )


class Alarms:
    """The standing alarms, in the database, so that each is told once."""

    def __init__(self, db: Database, events: EventSink) -> None:
        MIGRATIONS.apply(db)
        self._db = db
        self._events = events

    def sound(self, place: str, error: ErrorInfo) -> None:
        """Let an alarm stand."""
        with self._db.atomic():
            new = self._db.conn.execute(
                "INSERT INTO alarms VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (place, error.code, error.message),
            ).rowcount
            if new:
                self._events.append(AlarmRaised(f"{place}:{error.code}", place, error))

    def clear(self, place: str, code: int | None = None) -> None:
        """End one alarm of a place, or all that stand there."""
        with self._db.atomic():
            gone = self._db.conn.execute(
                "DELETE FROM alarms WHERE place = ? AND code = coalesce(?, code) RETURNING code",
                (place, code),
            ).fetchall()
            for (ended,) in gone:
                self._events.append(AlarmCleared(f"{place}:{ended}", place, ended))

    def standing(self, place: str) -> list[ErrorInfo]:
        rows = self._db.conn.execute(
            "SELECT code, message FROM alarms WHERE place = ? ORDER BY code", (place,)
        )
        return [ErrorInfo(code, message) for code, message in rows]
