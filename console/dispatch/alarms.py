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


def clear_alarm(
    connection: sa.Connection, alarm_id: str, now: datetime, appliance: str = CONSOLE
) -> None:
    """Clear an alarm if it is raised."""
    alarms = schema.alarms
    connection.execute(
        sa.update(alarms)
        .where(
            alarms.c.appliance == appliance,
            alarms.c.alarm_id == alarm_id,
            alarms.c.cleared_at.is_(None),
        )
        .values(cleared_at=now)
    )
