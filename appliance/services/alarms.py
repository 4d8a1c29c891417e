"""What an operator must act on, raised once and cleared once, also across a restart.

An alarm is one code at one place (``changer``, ``drive:d1``, ``library`` …). Its id is made of the
two, so raising it again while it stands changes nothing.

A *latched* alarm tells of something that must not pass unseen, such as smoke or a forced door: when
its cause is gone it still stands until a person has acknowledged it. A *silent* one (duress) is
told to the console and shown nowhere at the cabinet.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    AlarmsTelemetry,
    AlarmView,
    ErrorInfo,
)
from appliance.contract.messages.local import PastAlarmView
from appliance.services.events import EventSink

MIGRATIONS = Migrations("alarms")

NO_SUCH_ALARM = 4060
HISTORY_KEPT = timedelta(days=400)

_EPOCH = datetime.fromtimestamp(0, UTC).isoformat()


@MIGRATIONS()
def create_alarms(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE alarms (
            place TEXT NOT NULL,
            code INTEGER NOT NULL,
            message TEXT NOT NULL,
            PRIMARY KEY (place, code)) STRICT, WITHOUT ROWID"""
    )


@MIGRATIONS()
def remember_times_and_people(db: Database) -> None:
    for column in (
        f"raised_at TEXT NOT NULL DEFAULT '{_EPOCH}'",
        "detail TEXT NOT NULL DEFAULT ''",
        "acknowledged_at TEXT",
        "acknowledged_by TEXT NOT NULL DEFAULT ''",
        "latched INTEGER NOT NULL DEFAULT 0",
        "gone INTEGER NOT NULL DEFAULT 0",
        "silent INTEGER NOT NULL DEFAULT 0",
    ):
        db.conn.execute(f"ALTER TABLE alarms ADD COLUMN {column}")
    db.conn.execute(
        """CREATE TABLE past_alarms (
            number INTEGER PRIMARY KEY,
            place TEXT NOT NULL,
            code INTEGER NOT NULL,
            message TEXT NOT NULL,
            detail TEXT NOT NULL,
            raised_at TEXT NOT NULL,
            acknowledged_at TEXT,
            acknowledged_by TEXT NOT NULL,
            cleared_at TEXT NOT NULL,
            silent INTEGER NOT NULL) STRICT"""
    )
    db.conn.execute("CREATE INDEX past_alarms_age ON past_alarms(cleared_at)")


class Alarms:
    """The standing alarms, in the database, so that each is told once; and those that stood."""

    def __init__(self, db: Database, events: EventSink, now: Callable[[], datetime]) -> None:
        MIGRATIONS.apply(db)
        self._db = db
        self._events = events
        self._now = now
        self._watchers: list[Callable[[], None]] = []

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever an alarm is raised, acknowledged or cleared."""
        self._watchers.append(changed)

    def sound(
        self, place: str, error: ErrorInfo, *, latched: bool = False, silent: bool = False
    ) -> None:
        """Let an alarm stand."""
        with self._db.atomic():
            new = self._db.conn.execute(
                "INSERT INTO alarms (place, code, message, detail, raised_at, latched, silent) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    place,
                    error.code,
                    error.message,
                    error.detail,
                    self._now().isoformat(),
                    latched,
                    silent,
                ),
            ).rowcount
            if new:
                self._events.append(AlarmRaised(_id(place, error.code), place, error))
            else:
                new = self._db.conn.execute(
                    "UPDATE alarms SET gone = 0 WHERE place = ? AND code = ? AND gone",
                    (place, error.code),
                ).rowcount
        if new:
            self._tell()

    def clear(self, place: str, code: int | None = None) -> None:
        """The cause of one alarm of a place, or of all that stand there, is gone.

        A latched one that nobody has acknowledged stands on.
        """
        with self._db.atomic():
            kept = self._db.conn.execute(
                "UPDATE alarms SET gone = 1 WHERE place = ? AND code = coalesce(?, code) "
                "AND latched AND acknowledged_at IS NULL AND NOT gone",
                (place, code),
            ).rowcount
            ended = self._end("place = ? AND code = coalesce(?, code) AND NOT gone", (place, code))
        if kept or ended:
            self._tell()

    def acknowledge(self, alarm_id: str, person: str, *, at_cabinet: bool = False) -> None:
        """A person has seen it; a latched alarm whose cause is gone ends with that.

        Doing it again changes nothing: the first to see it stays named. At the cabinet there are
        no silent alarms.

        Raises:
            SteleError: 4060 no such alarm stands.
        """
        place, _, code = alarm_id.rpartition(":")
        key = (place, int(code) if code.isdecimal() and len(code) < 10 else 0)
        with self._db.atomic():
            if not self._db.conn.execute(
                "SELECT 1 FROM alarms WHERE place = ? AND code = ? AND NOT (silent AND ?)",
                (*key, at_cabinet),
            ).fetchone():
                raise SteleError(NO_SUCH_ALARM, f"there is no standing alarm {alarm_id[:200]!r}")
            new = self._db.conn.execute(
                "UPDATE alarms SET acknowledged_at = ?, acknowledged_by = ? "
                "WHERE place = ? AND code = ? AND acknowledged_at IS NULL",
                (self._now().isoformat(), person, *key),
            ).rowcount
            if new:
                self._events.append(AlarmAcknowledged(alarm_id, *key, person))
                self._end("place = ? AND code = ? AND gone", key, person)
        if new:
            self._tell()

    def standing(self, place: str) -> list[ErrorInfo]:
        rows = self._db.conn.execute(
            "SELECT code, message FROM alarms WHERE place = ? ORDER BY code", (place,)
        )
        return [ErrorInfo(code, message) for code, message in rows]

    def stands(self, place: str, code: int) -> bool:
        row = self._db.conn.execute(
            "SELECT 1 FROM alarms WHERE place = ? AND code = ?", (place, code)
        ).fetchone()
        return row is not None

    def telemetry(self, *, at_cabinet: bool = False) -> AlarmsTelemetry:
        """Every standing alarm, oldest first; at the cabinet without the silent ones."""
        rows = self._db.conn.execute(
            "SELECT place, code, message, detail, raised_at, acknowledged_at, acknowledged_by "
            "FROM alarms WHERE NOT (silent AND ?) ORDER BY raised_at, place, code",
            (at_cabinet,),
        )
        return AlarmsTelemetry(
            self._now(),
            [
                AlarmView(
                    _id(place, code),
                    place,
                    ErrorInfo(code, message, detail),
                    datetime.fromisoformat(raised),
                    _instant(seen),
                    by,
                )
                for place, code, message, detail, raised, seen, by in rows
            ],
        )

    def history(self, limit: int = 100, *, at_cabinet: bool = False) -> list[PastAlarmView]:
        """The alarms that ended last, newest first."""
        rows = self._db.conn.execute(
            "SELECT place, code, message, detail, raised_at, cleared_at, acknowledged_at, "
            "acknowledged_by FROM past_alarms WHERE NOT (silent AND ?) "
            "ORDER BY number DESC LIMIT ?",
            (at_cabinet, limit),
        )
        return [
            PastAlarmView(
                _id(place, code),
                place,
                ErrorInfo(code, message, detail),
                datetime.fromisoformat(raised),
                datetime.fromisoformat(cleared),
                _instant(seen),
                by,
            )
            for place, code, message, detail, raised, cleared, seen, by in rows
        ]

    def _end(self, where: str, values: tuple[object, ...], person: str = "") -> int:
        """Move alarms into the past and tell of it; how many."""
        now = self._now()
        gone = self._db.conn.execute(
            f"DELETE FROM alarms WHERE {where} RETURNING place, code, message, detail, raised_at, "  # noqa: S608 - conditions of this module
            "acknowledged_at, acknowledged_by, silent",
            values,
        ).fetchall()
        for place, code, message, detail, raised, seen, by, silent in gone:
            self._db.conn.execute(
                "INSERT INTO past_alarms (place, code, message, detail, raised_at, "
                "acknowledged_at, acknowledged_by, cleared_at, silent) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (place, code, message, detail, raised, seen, by, now.isoformat(), silent),
            )
            self._events.append(AlarmCleared(_id(place, code), place, code, person))
        if gone:
            self._db.conn.execute(
                "DELETE FROM past_alarms WHERE cleared_at < ?", ((now - HISTORY_KEPT).isoformat(),)
            )
        return len(gone)

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()


def _id(place: str, code: int) -> str:
    return f"{place}:{code}"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
