"""Letting go of contents that came back from discs when their time is over."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from console.store import schema
from console.store.engine import reading
from console.store.landing import Landing
from console.store.states import RequestState

LEFTOVER_KEPT = timedelta(hours=24)
"""How long after its fetch the beginning of a file stays that never came whole."""

_BATCH = 200
_HELD_AT_ONCE = 1_000
_delivered, _requests = schema.delivered.c, schema.requests.c


def expire_delivered(engine: sa.Engine, delivered: Landing, now: datetime) -> int:
    """Delete a batch of contents that have expired and that no open request wants."""
    wanted = (
        sa.exists()
        .select_from(schema.requests.join(schema.request_files).join(schema.files))
        .where(
            schema.files.c.sha256 == _delivered.sha256,
            schema.request_files.c.file_id == schema.files.c.file_id,
            _requests.state.in_([RequestState.WAITING, RequestState.RUNNING]),
        )
        .correlate(schema.delivered)
    )
    expired = sa.select(_delivered.sha256).where(_delivered.expires_at < now, ~wanted)
    with reading(engine).connect() as connection:
        if connection.scalar(expired.limit(1)) is None:
            return 0
    with engine.begin() as connection:
        batch = list(connection.scalars(expired.limit(_BATCH)))
        delivered.release_all(batch)
        connection.execute(sa.delete(schema.delivered).where(_delivered.sha256.in_(batch)))
    return len(batch)


def keep_delivered(connection: sa.Connection, request_id: str, until: datetime) -> None:
    """Have everything that a request brought back stay at least until then."""
    files, wanted = schema.files.c, schema.request_files.c
    brought = (
        sa.select(files.sha256)
        .join_from(schema.request_files, schema.files, files.file_id == wanted.file_id)
        .where(wanted.request_id == request_id)
    )
    connection.execute(
        sa.update(schema.delivered)
        .where(_delivered.sha256.in_(brought), _delivered.expires_at < until)
        .values(expires_at=until)
    )


def hold_request(connection: sa.Connection, request_id: str, until: datetime) -> None:
    """Have a request and all that it brought stay while somebody is taking it away."""
    connection.execute(
        sa.update(schema.requests)
        .where(_requests.request_id == request_id, _requests.expires_at < until)
        .values(expires_at=until)
    )
    keep_delivered(connection, request_id, until)


def hold_content(connection: sa.Connection, sha256: str, until: datetime) -> None:
    """Have one content that came back stay while somebody is taking it away."""
    hold_contents(connection, [sha256], until)


def hold_contents(connection: sa.Connection, digests: Collection[str], until: datetime) -> None:
    """Have contents that came back stay while somebody is taking them away."""
    names = sorted(set(digests))
    for start in range(0, len(names), _HELD_AT_ONCE):
        these = _delivered.sha256.in_(names[start : start + _HELD_AT_ONCE])
        connection.execute(
            sa.update(schema.delivered)
            .where(these, _delivered.expires_at < until)
            .values(expires_at=until)
        )


def drop_leftovers(engine: sa.Engine, incoming: Path, now: datetime) -> int:
    """Delete the beginnings of files (``<fetch>.<number>``) of fetches that ended long ago."""
    fetches = schema.fetches.c
    parts: dict[str, list[Path]] = {}
    for part in incoming.glob("*.*"):
        parts.setdefault(part.name.partition(".")[0], []).append(part)
    if not parts:
        return 0
    ended = sa.select(fetches.fetch_id).where(fetches.done_at < now - LEFTOVER_KEPT)
    with reading(engine).connect() as connection:
        gone = parts.keys() & set(connection.scalars(ended))
    for part in (part for fetch_id in gone for part in parts[fetch_id]):
        part.unlink(missing_ok=True)
    return sum(len(parts[fetch_id]) for fetch_id in gone)
