"""Commands: kept in the store before they are sent, sent until answered, with the same id.

A content token is not kept: it is made each time the command is sent. An appliance knows a command
again by its id and answers as it did before, so sending once more starts nothing twice.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Burn,
    Cancel,
    Command,
    CommandBody,
    ContentRef,
    Fetch,
    Grant,
)
from console.api.tokens import Purpose, Right, Tokens
from console.store import schema
from console.store.ids import new_id
from console.store.states import CommandState

log = logging.getLogger(__name__)

LIFETIME = timedelta(hours=24)
"""An appliance does not begin a command that is older."""
FIRST_REPEAT = timedelta(seconds=5)
LONGEST_REPEAT = timedelta(seconds=60)

_UNSENT_TOKEN = "-"  # noqa: S105 - stands where the token will be
_OPEN = (CommandState.WAITING, CommandState.SENT)
_commands, _copies, _fetches = schema.commands.c, schema.copies.c, schema.fetches.c
_GIVEN = sa.select(
    _commands.appliance, _commands.state, _commands.body["type"].as_string().label("verb")
).where(_commands.command_id == sa.bindparam("job_id"))


def unsigned(url: str) -> ContentRef:
    """A reference to content that gets its token when it is sent."""
    return ContentRef(url, _UNSENT_TOKEN)


def issue(connection: sa.Connection, appliance: str, body: CommandBody, now: datetime) -> str:
    """Keep a command for an appliance; gives its id. It is sent soon after the transaction."""
    command_id = new_id("cmd")
    connection.execute(
        sa.insert(schema.commands).values(
            command_id=command_id,
            appliance=appliance,
            body=msgspec.to_builtins(body),
            state=CommandState.WAITING,
            issued_at=now,
        )
    )
    return command_id


def issue_grant(connection: sa.Connection, appliance: str, grant: Grant, now: datetime) -> None:
    """Give a running job a new token, unless one is on its way to it."""
    under_way = sa.select(_commands.body).where(
        _commands.appliance == appliance, _commands.state.in_(_OPEN)
    )
    body = replace(grant, token=_UNSENT_TOKEN)
    if msgspec.to_builtins(body) not in list(connection.scalars(under_way)):
        issue(connection, appliance, body, now)


def may_speak_of(connection: sa.Connection, appliance: str, job_id: str) -> bool:
    """Whether a job can be this appliance's: none that another one was given."""
    row = connection.execute(_GIVEN, {"job_id": job_id}).first()
    return row is None or row.appliance == appliance


def hear_of(connection: sa.Connection, appliance: str, job_id: str, now: datetime) -> str | None:
    """An appliance speaks of a job, and so it has the command that asked for it.

    Gives what was asked for, such as ``burn``; empty when nobody here asked; None when the job
    cannot be this appliance's, because another one was given it.
    """
    row = connection.execute(_GIVEN, {"job_id": job_id}).first()
    if row is None:
        return ""
    if row.appliance != appliance:
        return None
    if row.state in _OPEN:
        accept(connection, appliance, job_id, now)
    return str(row.verb)


def accept(connection: sa.Connection, appliance: str, command_id: str, now: datetime) -> None:
    """The appliance has the command: it said so, or speaks of the job that it started."""
    connection.execute(
        sa.update(schema.commands)
        .where(
            _commands.command_id == command_id,
            _commands.appliance == appliance,
            _commands.state.in_(_OPEN),
        )
        .values(state=CommandState.ACCEPTED, answered_at=now, error_code=None, error_message=None)
    )


def reject(
    connection: sa.Connection,
    appliance: str,
    command_id: str,
    error: tuple[int, str],
    now: datetime,
) -> bool:
    """The appliance refused the command, or it was given up; False if it had its answer before."""
    result = connection.execute(
        sa.update(schema.commands)
        .where(
            _commands.command_id == command_id,
            _commands.appliance == appliance,
            _commands.state.in_(_OPEN),
        )
        .values(
            state=CommandState.REJECTED,
            answered_at=now,
            error_code=error[0],
            error_message=error[1],
        )
    )
    return result.rowcount > 0


def due_commands(connection: sa.Connection, now: datetime) -> list[Any]:
    """Rows of commands to be sent now to appliances that are online."""
    query = (
        sa.select(schema.commands)
        .join_from(
            schema.commands,
            schema.appliances,
            schema.appliances.c.appliance == _commands.appliance,
        )
        .where(_commands.state.in_(_OPEN), schema.appliances.c.online.is_(True))
        .order_by(_commands.issued_at, _commands.command_id)
    )
    return [row for row in connection.execute(query) if _is_due(row, now)]


def _is_due(row: Any, now: datetime) -> bool:
    if row.state == CommandState.WAITING:
        return True
    pause = min(LONGEST_REPEAT, FIRST_REPEAT * 2 ** min(row.attempts - 1, 10))
    return bool(row.sent_at + pause <= now)


def overdue_commands(connection: sa.Connection, now: datetime) -> list[Any]:
    """Rows of commands that were never sent and are too old to be sent now."""
    query = sa.select(schema.commands).where(
        _commands.state == CommandState.WAITING, _commands.issued_at < now - LIFETIME
    )
    return list(connection.execute(query).all())


def prepare(connection: sa.Connection, row: Any, tokens: Tokens) -> Command:
    """The command as it is sent, with a fresh token.

    Raises:
        SteleError: 5464 a grant for a job that reads and delivers nothing.
    """
    body: CommandBody = msgspec.convert(row.body, CommandBody)

    def token(purpose: Purpose, object_id: str) -> str:
        return tokens.issue(Right(row.appliance, purpose, object_id))

    match body:
        case Burn():
            content = replace(body.content, token=token(Purpose.READ, body.volume_id))
            body = replace(body, content=content)
        case Fetch():
            content = replace(body.content, token=token(Purpose.DELIVER, body.fetch_id))
            body = replace(body, content=content)
        case Grant():
            body = replace(body, token=token(*_content_of(connection, row.appliance, body.job_id)))
    return Command(row.command_id, row.issued_at, body, row.issued_at + LIFETIME)


def _content_of(connection: sa.Connection, appliance: str, job_id: str) -> tuple[Purpose, str]:
    """What a job of this appliance reads from or delivers to."""
    volume_id = connection.scalar(
        sa.select(_copies.volume_id).where(_copies.job_id == job_id, _copies.appliance == appliance)
    )
    if volume_id is not None:
        return Purpose.READ, volume_id
    fetch_id = connection.scalar(
        sa.select(_fetches.fetch_id).where(
            _fetches.job_id == job_id, _fetches.appliance == appliance
        )
    )
    if fetch_id is not None:
        return Purpose.DELIVER, fetch_id
    raise SteleError(5464, f"job {job_id} of {appliance} has no content")


def claim(connection: sa.Connection, row: Any, now: datetime) -> bool:
    """Have a due command counted as sent before it is; False when another process was faster.

    So a command that is waiting was never handed to the broker, whoever was killed when. One that
    is claimed and not sent after all is due again soon.
    """
    as_read = _commands.attempts == row.attempts
    result = connection.execute(
        sa.update(schema.commands)
        .where(_commands.command_id == row.command_id, _commands.state == row.state, as_read)
        .values(state=CommandState.SENT, attempts=_commands.attempts + 1, sent_at=now)
    )
    return result.rowcount > 0


def withdraw(connection: sa.Connection, command_id: str, why: str, now: datetime) -> bool:
    """Take a command back that was never sent; False when it may have been."""
    result = connection.execute(
        sa.update(schema.commands)
        .where(_commands.command_id == command_id, _commands.state == CommandState.WAITING)
        .values(state=CommandState.REJECTED, answered_at=now, error_code=5264, error_message=why)
    )
    return result.rowcount > 0


def abandon(connection: sa.Connection, command_id: str, why: str, now: datetime) -> None:
    """Send a command no more. The appliance may have it: what it makes by it is heard of still."""
    connection.execute(
        sa.update(schema.commands)
        .where(
            _commands.command_id == command_id,
            _commands.state.in_([*_OPEN, CommandState.ACCEPTED]),
        )
        .values(state=CommandState.WITHDRAWN, answered_at=now, error_code=5265, error_message=why)
    )


def issue_cancel(connection: sa.Connection, appliance: str, job_id: str, now: datetime) -> None:
    """Ask an appliance to bring a job to a safe end, unless it was asked already."""
    body = Cancel(job_id)
    asked = sa.select(_commands.command_id).where(
        _commands.appliance == appliance,
        _commands.state != CommandState.REJECTED,
        _commands.body["type"].as_string() == "cancel",
        _commands.body["job_id"].as_string() == job_id,
    )
    if connection.scalar(asked.limit(1)) is None:
        issue(connection, appliance, body, now)
