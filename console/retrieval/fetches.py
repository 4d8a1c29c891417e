"""Fetches: one reading of one disc for everything that waits for it, followed to its end."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import Cancel, ErrorInfo, FilesDelivered, JobChanged
from appliance.contract.states import JobStage, JobState
from console.dispatch.commands import issue, reject
from console.retrieval.items import fetch_items
from console.retrieval.states import FetchState
from console.store import schema
from console.store.states import RequestFileState

log = logging.getLogger(__name__)

FILE_DAMAGED = 3308
"""An appliance's failure of a fetch: `detail` is the path of the file that is damaged."""

CALLED_BACK = 5320
"""A fetch that was not begun had to make way for one that is urgent."""

AGAIN = "?"
"""Stands in `tried` before a copy that broke off at another file."""
AGAIN_MAX = 30
AGAIN_TURN = 3
"""So often in a row one copy is asked again before the next one has its turn."""


class HasCopyId(Protocol):
    @property
    def copy_id(self) -> str: ...


C = TypeVar("C", bound=HasCopyId)

_fetches, _wanted = schema.fetches.c, schema.request_files.c
_UNDER_WAY = (FetchState.WAITING, FetchState.RUNNING)
_OF_JOB = sa.select(schema.fetches).where(
    _fetches.job_id == sa.bindparam("job"),
    _fetches.appliance == sa.bindparam("of"),
    _fetches.state.in_(_UNDER_WAY),
)


def follow_job(
    connection: sa.Connection, appliance: str, change: JobChanged, now: datetime
) -> None:
    """Bring the fetch that a job does to where the job is."""
    if change.state.is_final:
        _note_end(connection, appliance, change.job_id, now)
    fetch = _fetch_of_job(connection, appliance, change.job_id)
    if fetch is None:
        return
    match change.state:
        case JobState.FAILED | JobState.CANCELLED:
            fail(connection, fetch, change.error or ErrorInfo(5302, f"it {change.state}"), now)
        case JobState.DONE:
            finish(connection, fetch, now)
        case JobState.RUNNING:
            _note_progress(connection, fetch, change, now)


def _note_progress(
    connection: sa.Connection, fetch: Any, change: JobChanged, now: datetime
) -> None:
    """Keep when the job began and when its medium was being read: estimates learn from it."""
    values: dict[str, object] = {"state": FetchState.RUNNING}
    begun_at = fetch.begun_at
    if begun_at is None:
        values["begun_at"] = begun_at = now
    if change.stage is JobStage.READ and fetch.reading_at is None:
        free_at = _drive_free_at(connection, fetch.appliance, change.drive)
        # It could not be brought before the drive had given up what it had.
        values["begun_at"] = begun_at if free_at is None else max(begun_at, min(free_at, now))
        values |= {"reading_at": now, "drive": change.drive}
    connection.execute(
        sa.update(schema.fetches).where(_fetches.fetch_id == fetch.fetch_id).values(**values)
    )


def _drive_free_at(connection: sa.Connection, appliance: str, drive: str | None) -> datetime | None:
    """When the last fetch that used the drive was over."""
    query = sa.select(sa.func.max(_fetches.ended_at)).where(
        _fetches.appliance == appliance, _fetches.drive == drive
    )
    at: datetime | None = connection.scalar(query) if drive is not None else None
    return at


def _note_end(connection: sa.Connection, appliance: str, job_id: str, now: datetime) -> None:
    """Keep when the job was over: its bytes had come before, and its medium is home now."""
    connection.execute(
        sa.update(schema.fetches)
        .where(
            _fetches.job_id == job_id,
            _fetches.appliance == appliance,
            _fetches.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


def take_delivered(
    connection: sa.Connection, appliance: str, body: FilesDelivered, now: datetime
) -> None:
    """The appliance says that everything was delivered; what arrived decides."""
    fetch = _fetch_of_job(connection, appliance, body.job_id)
    if fetch is not None and fetch.fetch_id == body.fetch_id:
        finish(connection, fetch, now)


def finish(connection: sa.Connection, fetch: Any, now: datetime) -> None:
    """Close a fetch that ended: done if every file arrived, else failed."""
    missing = connection.scalar(
        sa.select(sa.func.count()).where(
            _wanted.fetch_id == fetch.fetch_id, _wanted.state == RequestFileState.WAITING
        )
    )
    if missing:
        error = SteleError(5302, f"fetch {fetch.fetch_id} ended without {missing} of its files")
        fail(connection, fetch, error, now)
        return
    connection.execute(
        sa.update(schema.fetches)
        .where(_fetches.fetch_id == fetch.fetch_id)
        .values(state=FetchState.DONE, done_at=now)
    )


def fail(
    connection: sa.Connection, fetch: Any, error: ErrorInfo | SteleError, now: datetime
) -> None:
    """Close a fetch that did not deliver everything; what is missing looks for another copy."""
    log.warning("fetch %s failed: [%d] %s", fetch.fetch_id, error.code, error.message)
    connection.execute(
        sa.update(schema.fetches)
        .where(_fetches.fetch_id == fetch.fetch_id)
        .values(
            state=FetchState.FAILED,
            done_at=now,
            error_code=error.code,
            error_message=error.message,
        )
    )
    damaged = _damaged_files(connection, fetch, error)
    missing = (_wanted.fetch_id == fetch.fetch_id) & (_wanted.state == RequestFileState.WAITING)
    for these, mark in (
        (missing & _wanted.file_id.in_(damaged), fetch.copy_id),
        (missing, AGAIN + fetch.copy_id if damaged else fetch.copy_id),
    ):
        connection.execute(
            sa.update(schema.request_files)
            .where(these)
            .values(fetch_id=None, tried=_wanted.tried + " " + mark, error_code=error.code)
        )


def call_back(connection: sa.Connection, fetch_id: str, now: datetime) -> bool:
    """Take back a fetch that has not begun to read: what it was to bring waits again.

    False when it has begun meanwhile. The appliance ends a job that it has begun to prepare.
    """
    this = (_fetches.fetch_id == fetch_id) & _fetches.state.in_(_UNDER_WAY)
    taken = connection.execute(
        sa.update(schema.fetches)
        .where(this, _fetches.reading_at.is_(None), _fetches.offset_bytes == 0)
        .values(state=FetchState.RECALLED, done_at=now)
    )
    if not taken.rowcount:
        return False
    fetch = connection.execute(
        sa.select(_fetches.appliance, _fetches.job_id).where(_fetches.fetch_id == fetch_id)
    ).one()
    connection.execute(
        sa.update(schema.request_files)
        .where(_wanted.fetch_id == fetch_id, _wanted.state == RequestFileState.WAITING)
        .values(fetch_id=None)
    )
    commands = schema.commands.c
    was_sent = connection.scalar(
        sa.select(commands.sent_at).where(commands.command_id == fetch.job_id)
    )
    reject(connection, fetch.appliance, fetch.job_id, (CALLED_BACK, "called back"), now)
    if was_sent is not None:
        issue(connection, fetch.appliance, Cancel(fetch.job_id), now)
    log.info("fetch %s is called back for something urgent", fetch_id)
    return True


def _damaged_files(
    connection: sa.Connection, fetch: Any, error: ErrorInfo | SteleError
) -> list[str]:
    """The files of the fetch that its disc no longer holds as they were: the one that is named."""
    if error.code != FILE_DAMAGED:
        return []
    items = {item.path: item.sha256 for item in fetch_items(connection, fetch.fetch_id)}
    sha256 = items.get(error.detail)
    query = (
        sa.select(_wanted.file_id)
        .join_from(schema.request_files, schema.files)
        .where(_wanted.fetch_id == fetch.fetch_id, schema.files.c.sha256 == sha256)
    )
    return list(connection.scalars(query)) if sha256 is not None else []


def copies_left(tried: str, copies: Sequence[C]) -> list[C]:
    """The copies that may still deliver a file, the one to ask first at the head.

    A copy that could not deliver this file is out. One that broke off at another file is asked
    again without that one, but not for ever, and in turns with the others.
    """
    marks = Counter(tried.split())
    left = [c for c in copies if c.copy_id not in marks and marks[AGAIN + c.copy_id] < AGAIN_MAX]
    return sorted(left, key=lambda copy: turns_had(tried, copy.copy_id))


def turns_had(tried: str, copy_id: str) -> int:
    """How many turns of being asked again a copy has used up for a file with this history."""
    return tried.split().count(AGAIN + copy_id) // AGAIN_TURN


def refuse(
    connection: sa.Connection, appliance: str, job_id: str, error: ErrorInfo, now: datetime
) -> None:
    """The appliance did not take the command that was to fetch."""
    fetch = _fetch_of_job(connection, appliance, job_id)
    if fetch is not None:
        fail(connection, fetch, error, now)


def forget_work(
    connection: sa.Connection, appliance: str, error: SteleError, now: datetime
) -> None:
    """Give up the fetches of an appliance that no longer knows of them."""
    query = sa.select(schema.fetches).where(
        _fetches.appliance == appliance, _fetches.state.in_(_UNDER_WAY)
    )
    for fetch in connection.execute(query).all():
        fail(connection, fetch, error, now)


def _fetch_of_job(connection: sa.Connection, appliance: str, job_id: str) -> Any:
    """The unfinished fetch that a job of this appliance does."""
    return connection.execute(_OF_JOB, {"job": job_id, "of": appliance}).first()
