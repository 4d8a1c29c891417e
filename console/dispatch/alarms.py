"""The console's own alarms: kept beside those of the appliances, under the name ``console``."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from console.store import schema

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong, where. An alarm that is raised again keeps its first time."""

    alarm_id: str
    where: str
    code: int
    message: str
    appliance: str = CONSOLE


def raise_alarm(connection: sa.Connection, alarm: Alarm, now: datetime) -> None:
    """Raise an alarm, or keep it raised."""
    alarms = schema.alarms
    this = (alarms.c.appliance == alarm.appliance) & (alarms.c.alarm_id == alarm.alarm_id)
    raised_at = connection.scalar(
        sa.select(alarms.c.raised_at).where(this, alarms.c.cleared_at.is_(None))
    )
    connection.execute(sa.delete(alarms).where(this))
    connection.execute(
        sa.insert(alarms).values(
            appliance=alarm.appliance,
            alarm_id=alarm.alarm_id,
            where_=alarm.where,
            code=alarm.code,
            message=alarm.message,
            raised_at=raised_at or now,
        )
    )


def acknowledge_alarm(
    connection: sa.Connection, alarm_id: str, now: datetime, appliance: str, person: str
) -> None:
    """Note who has seen an alarm that is raised, and when."""
    _note(connection, alarm_id, appliance, acknowledged_at=now, acknowledged_by=person)


def clear_alarm(
    connection: sa.Connection,
    alarm_id: str,
    now: datetime,
    appliance: str = CONSOLE,
    person: str = "",
) -> None:
    """Clear an alarm if it is raised; without a `person` its cause went away by itself."""
    _note(connection, alarm_id, appliance, cleared_at=now, cleared_by=person or None)


def _note(connection: sa.Connection, alarm_id: str, appliance: str, **values: object) -> None:
    alarms = schema.alarms
    connection.execute(
        sa.update(alarms)
        .where(
            alarms.c.appliance == appliance,
            alarms.c.alarm_id == alarm_id,
            alarms.c.cleared_at.is_(None),
        )
        .values(**values)
    )
