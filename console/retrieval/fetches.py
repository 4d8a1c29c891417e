"""Fetches: one reading of one disc for everything that waits for it, followed to its end."""

import logging
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo, FilesDelivered, JobChanged
from appliance.contract.states import JobState
from console.retrieval.states import FetchState
from console.store import schema
from console.store.states import RequestFileState

log = logging.getLogger(__name__)

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
    connection.execute(
        sa.update(schema.request_files)
        .where(_wanted.fetch_id == fetch.fetch_id, _wanted.state == RequestFileState.WAITING)
        .values(fetch_id=None, tried=_wanted.tried + " " + fetch.copy_id, error_code=error.code)
    )


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
