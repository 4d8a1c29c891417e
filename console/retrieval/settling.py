"""Requests as a whole: what is at hand without any medium, and when all of one is there."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.retrieval.expiry import keep_delivered
from console.retrieval.queue import OPEN
from console.store import schema
from console.store.engine import reading
from console.store.states import BlobState, RequestFileState, RequestState

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c
_blobs, _delivered = schema.blobs.c, schema.delivered.c


def take_at_hand(engine: sa.Engine) -> None:
    """Mark files ready whose bytes the console holds."""
    at_hand = _at_hand()
    with reading(engine).connect() as connection:
        if connection.execute(at_hand.limit(1)).first() is None:
            return
    with engine.begin() as connection:
        connection.execute(
            sa.update(schema.request_files)
            .where(
                sa.tuple_(_wanted.request_id, _wanted.file_id).in_(at_hand),
                _wanted.state == RequestFileState.WAITING,
            )
            .values(state=RequestFileState.READY, error_code=None)
        )


def _at_hand() -> sa.Select[Any]:
    landed = sa.exists().where(_blobs.sha256 == _files.sha256, _blobs.state == BlobState.LANDED)
    delivered = sa.exists().where(
        _delivered.sha256 == _files.sha256,
        _requests.from_media.is_(False) | (_delivered.delivered_at >= _requests.created_at),
    )
    return (
        sa.select(_wanted.request_id, _wanted.file_id)
        .join_from(schema.request_files, schema.requests)
        .join(schema.files, _files.file_id == _wanted.file_id)
        .where(
            _requests.state.in_(OPEN),
            _wanted.state == RequestFileState.WAITING,
            (_requests.from_media.is_(False) & landed) | delivered,
        )
    )


def settle_requests(engine: sa.Engine, now: datetime, keep_for: timedelta) -> None:
    """Bring the state of every open request to that of its files.

    What one brought stays for `keep_for` after it is done, or until its own `expires_at`.
    """
    count = sa.func.count(_wanted.file_id)
    query = (
        sa.select(
            _requests.request_id,
            _requests.state,
            _requests.expires_at,
            count.filter(_wanted.state == RequestFileState.WAITING).label("waiting"),
            count.filter(_wanted.state == RequestFileState.FAILED).label("failed"),
            count.label("files"),
        )
        .join_from(schema.requests, schema.request_files)
        .where(_requests.state.in_(OPEN))
        .group_by(_requests.request_id, _requests.state, _requests.expires_at)
    )
    with reading(engine).connect() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        if not row.waiting:
            _end(engine, row, now, keep_for)
        elif row.state == RequestState.WAITING:
            with engine.begin() as connection:
                _change(connection, row.request_id, state=RequestState.RUNNING)


def _end(engine: sa.Engine, row: Any, now: datetime, keep_for: timedelta) -> None:
    expires_at = row.expires_at if row.expires_at and row.expires_at > now else None
    values: dict[str, Any] = {
        "state": RequestState.DONE,
        "error_code": None,
        "error_message": None,
        "done_at": now,
        "expected_at": None,
        "expires_at": expires_at or now + keep_for,
    }
    if row.failed:
        text = f"{row.failed} of {row.files} files could not be brought back"
        values |= {"state": RequestState.FAILED, "error_code": 5303, "error_message": text}
    with engine.begin() as connection:
        if _change(connection, row.request_id, **values):
            keep_delivered(connection, row.request_id, values["expires_at"])


def _change(connection: sa.Connection, request_id: str, **values: Any) -> bool:
    changed = connection.execute(
        sa.update(schema.requests)
        .where(_requests.request_id == request_id, _requests.state.in_(OPEN))
        .values(**values)
    )
    return changed.rowcount > 0
