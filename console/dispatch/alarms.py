"""The console's own alarms: kept beside those of the appliances, under the name ``console``."""

from datetime import datetime

import sqlalchemy as sa

from console.store import schema

CONSOLE = "console"


def raise_alarm(
    connection: sa.Connection,
    alarm_id: str,
    where: str,
    code: int,
    message: str,
    now: datetime,
    appliance: str = CONSOLE,
) -> None:
    """Raise an alarm, or keep it raised; its first time stays."""
    alarms = schema.alarms
    this = (alarms.c.appliance == appliance) & (alarms.c.alarm_id == alarm_id)
    raised_at = connection.scalar(
        sa.select(alarms.c.raised_at).where(this, alarms.c.cleared_at.is_(None))
    )
    connection.execute(sa.delete(alarms).where(this))
    connection.execute(
        sa.insert(alarms).values(
            appliance=appliance,
            alarm_id=alarm_id,
            where_=where,
            code=code,
            message=message,
            raised_at=raised_at or now,
            cleared_at=None,
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
