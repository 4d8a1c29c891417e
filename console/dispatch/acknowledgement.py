"""A person has seen an alarm: the appliance that raised it is told, the console notes its own."""

from datetime import datetime

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import AcknowledgeAlarm
from console.dispatch.alarms import CONSOLE, acknowledge_alarm
from console.dispatch.commands import issue
from console.store.schema import alarms, commands
from console.store.states import CommandState


def acknowledge(
    connection: sa.Connection, appliance: str, alarm_id: str, person: str, now: datetime
) -> str | None:
    """Let an alarm be acknowledged; gives the command's id, None for the console's own alarms.

    An appliance that has not answered yet is not told twice.

    Raises:
        SteleError: 4060 no such alarm stands.
    """
    standing = sa.select(alarms.c.alarm_id).where(
        alarms.c.appliance == appliance,
        alarms.c.alarm_id == alarm_id,
        alarms.c.cleared_at.is_(None),
    )
    if connection.scalar(standing) is None:
        raise SteleError(4060, f"no alarm {alarm_id!r} stands at {appliance}")
    if appliance == CONSOLE:
        acknowledge_alarm(connection, alarm_id, now, appliance, person)
        return None
    body = AcknowledgeAlarm(alarm_id, person[:64])
    return _waiting(connection, appliance, body) or issue(connection, appliance, body, now)


def _waiting(connection: sa.Connection, appliance: str, body: AcknowledgeAlarm) -> str | None:
    unanswered = sa.select(commands.c.command_id, commands.c.body).where(
        commands.c.appliance == appliance,
        commands.c.state.in_((CommandState.WAITING, CommandState.SENT)),
    )
    wanted = {"type": "acknowledge_alarm", "alarm_id": body.alarm_id}
    found = connection.execute(unanswered)
    return next((row.command_id for row in found if wanted.items() <= row.body.items()), None)
