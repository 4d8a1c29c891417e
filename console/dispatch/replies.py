"""Replies to commands, and what a refusal means for the work that the command was part of."""

from datetime import datetime

import sqlalchemy as sa

from appliance.contract.messages import ErrorInfo, Reply
from console.dispatch import copies
from console.dispatch.commands import accept, overdue_commands, reject
from console.retrieval import fetches


def take_reply(connection: sa.Connection, appliance: str, reply: Reply, now: datetime) -> None:
    """Record the answer; only the first one counts, and only from the appliance asked."""
    if reply.accepted:
        accept(connection, appliance, reply.command_id, now)
        return
    error = reply.error or ErrorInfo(5257, "refused without a reason")
    give_up(connection, appliance, reply.command_id, error, now)


def expire_commands(connection: sa.Connection, now: datetime) -> None:
    """Give up commands that could not be sent for too long; their work is planned anew."""
    for row in overdue_commands(connection, now):
        error = ErrorInfo(5257, f"{row.appliance} was not online to take the command")
        give_up(connection, row.appliance, row.command_id, error, now)


def give_up(
    connection: sa.Connection, appliance: str, command_id: str, error: ErrorInfo, now: datetime
) -> None:
    """End a command that will not be carried out, and the work that it was part of."""
    if reject(connection, appliance, command_id, (error.code, error.message), now):
        copies.refuse(connection, appliance, command_id, error, now)
        fetches.refuse(connection, appliance, command_id, error, now)
