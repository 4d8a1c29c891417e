"""The console's own alarms: kept beside those of the appliances, under the name ``console``."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from console.store import schema

CONSOLE = "console"
_NOT_SEEN = dict.fromkeys(("acknowledged_at", "acknowledged_by", "cleared_at", "cleared_by"))
_alarms = schema.alarms.c
_THIS_IF_RAISED = sa.update(schema.alarms).where(
    _alarms.appliance == sa.bindparam("of"),
    _alarms.alarm_id == sa.bindparam("alarm"),
    _alarms.cleared_at.is_(None),
)
_SEEN = _THIS_IF_RAISED.values(
    acknowledged_at=sa.bindparam("noted_at"), acknowledged_by=sa.bindparam("person")
)
_CLEARED = _THIS_IF_RAISED.values(
    cleared_at=sa.bindparam("noted_at"), cleared_by=sa.bindparam("person")
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong, where. An alarm that is raised again keeps its first time."""

    alarm_id: str
    where: str
    code: int
    message: str
    appliance: str = CONSOLE


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody did about an alarm, and when."""

    of: str
    alarm: str
    noted_at: datetime
    person: str | None


def raise_alarm(connection: sa.Connection, alarm: Alarm, now: datetime) -> None:
    """Raise an alarm, or keep it raised."""
    raise_alarms(connection, [(alarm, now)])


def raise_alarms(connection: sa.Connection, raised: Iterable[tuple[Alarm, datetime]]) -> None:
    """Raise alarms, each at its time, with one statement."""
    rows = [
        {
            "appliance": alarm.appliance,
            "alarm_id": alarm.alarm_id,
            "where_": alarm.where,
            "code": alarm.code,
            "message": alarm.message,
            "raised_at": at,
            **_NOT_SEEN,
        }
        for alarm, at in raised
    ]
    connection.execute(_raised(connection.dialect.name), rows)


def acknowledge_alarm(
    connection: sa.Connection, alarm_id: str, now: datetime, appliance: str, person: str
) -> None:
    """Note who has seen an alarm that is raised, and when."""
    acknowledge_alarms(connection, [Note(appliance, alarm_id, now, person)])


def clear_alarm(
    connection: sa.Connection,
    alarm_id: str,
    now: datetime,
    appliance: str = CONSOLE,
    person: str = "",
) -> None:
    """Clear an alarm if it is raised; without a `person` its cause went away by itself."""
    clear_alarms(connection, [Note(appliance, alarm_id, now, person or None)])


def acknowledge_alarms(connection: sa.Connection, notes: Iterable[Note]) -> None:
    """Note of alarms that are raised who has seen them, in this order."""
    connection.execute(_SEEN, [asdict(note) for note in notes])


def clear_alarms(connection: sa.Connection, notes: Iterable[Note]) -> None:
    """Clear alarms that are raised."""
    connection.execute(_CLEARED, [asdict(note) for note in notes])


@cache
def _raised(dialect: str) -> sa.Insert:
    kind = postgresql if dialect == "postgresql" else sqlite
    statement: sqlite.Insert | postgresql.Insert = kind.insert(schema.alarms)
    told = statement.excluded
    raised_at = sa.case((_alarms.cleared_at.is_(None), _alarms.raised_at), else_=told.raised_at)
    values = {name: told[name] for name in ("where_", "code", "message", *_NOT_SEEN)}
    return statement.on_conflict_do_update(
        index_elements=["appliance", "alarm_id"], set_={**values, "raised_at": raised_at}
    )
