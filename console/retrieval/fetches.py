"""Fetches: one reading of one disc for everything that waits for it, followed to its end."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo, FilesDelivered, JobChanged
from appliance.contract.states import JobState
from console.retrieval.items import fetch_items
from console.retrieval.states import FetchState
from console.store import schema
from console.store.states import RequestFileState

log = logging.getLogger(__name__)

FILE_DAMAGED = 3308
"""An appliance's failure of a fetch: `detail` is the path of the file that is damaged."""

AGAIN = "?"
"""Stands in `tried` before a copy that broke off at another file."""
AGAIN_MAX = 30
AGAIN_TURN = 3
"""So often in a row one copy is asked again before the next one has its turn."""

_fetches, _wanted = schema.fetches.c, schema.request_files.c
_UNDER_WAY = (FetchState.WAITING, FetchState.RUNNING)


def follow_job(
    connection: sa.Connection, appliance: str, change: JobChanged, now: datetime
) -> None:
    """Bring the fetch that a job does to where the job is."""
    fetch = _fetch_of_job(connection, appliance, change.job_id)
    if fetch is None:
        return
    match change.state:
        case JobState.FAILED | JobState.CANCELLED:
            fail(connection, fetch, change.error or ErrorInfo(5302, f"it {change.state}"), now)
        case JobState.DONE:
            finish(connection, fetch, now)
        case JobState.RUNNING:
            connection.execute(
                sa.update(schema.fetches)
                .where(_fetches.fetch_id == fetch.fetch_id)
                .values(state=FetchState.RUNNING)
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


def copies_left(tried: str, copies: Sequence[Any]) -> list[Any]:
    """The copies that may still deliver a file, the one to ask first at the head.

    A copy that could not deliver this file is out. One that broke off at another file is asked
    again without that one, but not for ever, and in turns with the others.
    """
    marks = Counter(tried.split())
    left = [c for c in copies if c.copy_id not in marks and marks[AGAIN + c.copy_id] < AGAIN_MAX]
    return sorted(left, key=lambda copy: marks[AGAIN + copy.copy_id] // AGAIN_TURN)


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
    return connection.execute(
        sa.select(schema.fetches).where(
            _fetches.job_id == job_id,
            _fetches.appliance == appliance,
            _fetches.state.in_(_UNDER_WAY),
        )
    ).first()
