"""Serving requests: where each file that someone wants back comes from.

What the landing zone or `delivered/` still holds is ready at once, unless the discs are to be
read. The rest is fetched: one fetch for each disc serves every request that waits for it. Files
that come to wait while a volume is being read wait for the next reading.
"""

import logging
from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import Fetch
from console.dispatch.commands import issue, unsigned
from console.dispatch.library import Library, read_library
from console.retrieval.fetches import copies_left
from console.retrieval.states import FetchState
from console.store import schema
from console.store.engine import reading
from console.store.ids import new_id
from console.store.states import (
    BlobState,
    CopyState,
    RequestFileState,
    RequestState,
    VolumeState,
)

log = logging.getLogger(__name__)

_OPEN = (RequestState.WAITING, RequestState.RUNNING)
_UNDER_WAY = (FetchState.WAITING, FetchState.RUNNING)
Fleet = dict[str, Library]
"""What is in each appliance that is online."""

_LAST_ROLE = "sealed"
"""A sealed copy is touched only when no other one can serve."""

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c
_fetches, _copies, _blobs = schema.fetches.c, schema.copies.c, schema.blobs.c
_delivered, _of_volume = schema.delivered.c, schema.volume_packages.c


def serve_requests(engine: sa.Engine, content_url: str, now: datetime) -> None:
    """Move every open request on: what is at hand, new fetches, and what is complete."""
    with reading(engine).connect() as connection:
        if connection.scalar(_open_requests().limit(1)) is None:
            return
    with engine.begin() as connection:
        _take_at_hand(connection)
        fleet = _fleet(connection)
        for rows in _waiting_by_volume(connection).values():
            _serve_volume(connection, rows, fleet, content_url, now)
        for request in connection.execute(_open_requests()).all():
            _settle(connection, request.request_id, now)


def _open_requests() -> sa.Select[Any]:
    return sa.select(schema.requests).where(_requests.state.in_(_OPEN))


def _take_at_hand(connection: sa.Connection) -> None:
    """Mark files ready whose bytes the console holds."""
    landed = sa.exists().where(_blobs.sha256 == _files.sha256, _blobs.state == BlobState.LANDED)
    delivered = sa.exists().where(
        _delivered.sha256 == _files.sha256,
        _requests.from_media.is_(False) | (_delivered.delivered_at >= _requests.created_at),
    )
    at_hand = (
        sa.select(_wanted.request_id, _wanted.file_id)
        .join_from(schema.request_files, schema.requests)
        .join(schema.files, _files.file_id == _wanted.file_id)
        .where(
            _requests.state.in_(_OPEN),
            _wanted.state == RequestFileState.WAITING,
            (_requests.from_media.is_(False) & landed) | delivered,
        )
    )
    connection.execute(
        sa.update(schema.request_files)
        .where(sa.tuple_(_wanted.request_id, _wanted.file_id).in_(at_hand))
        .values(state=RequestFileState.READY, error_code=None)
    )


def _fleet(connection: sa.Connection) -> Fleet:
    appliances = schema.appliances.c
    query = sa.select(appliances.appliance, appliances.library).where(appliances.online.is_(True))
    found = {row.appliance: read_library(row.library) for row in connection.execute(query)}
    return {appliance: library for appliance, library in found.items() if library is not None}


def _waiting_by_volume(connection: sa.Connection) -> dict[str | None, list[Any]]:
    """Files that no fetch looks after, by volume; those on no disc under None."""
    burned = (
        sa.select(_of_volume.package_id, _of_volume.volume_id)
        .join_from(schema.volume_packages, schema.volumes)
        .where(schema.volumes.c.state.in_([VolumeState.APPROVED, VolumeState.ARCHIVED]))
        .subquery()
    )
    busy = sa.select(_fetches.volume_id).where(_fetches.state.in_(_UNDER_WAY))
    query = (
        sa.select(
            _wanted.request_id,
            _wanted.file_id,
            _wanted.tried,
            _requests.medium_kind,
            _files.sha256,
            _files.size_bytes,
            burned.c.volume_id,
        )
        .join_from(schema.request_files, schema.requests)
        .join(schema.files, _files.file_id == _wanted.file_id)
        .outerjoin(burned, burned.c.package_id == _files.package_id)
        .where(
            _requests.state.in_(_OPEN),
            _wanted.state == RequestFileState.WAITING,
            _wanted.fetch_id.is_(None),
            burned.c.volume_id.is_(None) | burned.c.volume_id.not_in(busy),
        )
    )
    found: dict[str | None, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.volume_id].append(row)
    return found


def _serve_volume(
    connection: sa.Connection, rows: list[Any], fleet: Fleet, content_url: str, now: datetime
) -> None:
    """Fetch the files of one volume, each from a copy that has not failed to deliver it."""
    copies = _verified_copies(connection, rows[0].volume_id)
    by_copy: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        left = copies_left(row.tried, [copy for copy in copies if _is_of(row.medium_kind, copy)])
        reachable = [copy for copy in left if _is_reachable(copy, fleet)]
        if reachable:
            by_copy[reachable[0].copy_id].append(row)
        elif left:
            _mark(connection, row, RequestFileState.WAITING, 5301)
        else:
            _mark(connection, row, RequestFileState.FAILED, 5300)
    # One at a time for each volume: what the first cannot deliver joins the rest.
    for copy in copies:
        if files := by_copy.get(copy.copy_id):
            _fetch(connection, copy, files, content_url, now)
            return


def _verified_copies(connection: sa.Connection, volume_id: str | None) -> list[Any]:
    """The volume's verified copies, the one to read first at the head."""
    query = sa.select(schema.copies).where(
        _copies.volume_id == volume_id, _copies.state == CopyState.VERIFIED
    )
    rows = connection.execute(query).all()
    return sorted(rows, key=lambda copy: (copy.role == _LAST_ROLE, copy.copy_id))


def _is_of(kind: str | None, copy: Any) -> bool:
    return kind in (None, copy.medium_kind)


def _is_reachable(copy: Any, fleet: Fleet) -> bool:
    library = fleet.get(copy.appliance)
    return library is not None and copy.medium_id in library.media


def _mark(connection: sa.Connection, row: Any, state: RequestFileState, code: int) -> None:
    connection.execute(
        sa.update(schema.request_files)
        .where(_wanted.request_id == row.request_id, _wanted.file_id == row.file_id)
        .values(state=state, error_code=code)
    )


def _fetch(
    connection: sa.Connection, copy: Any, rows: list[Any], content_url: str, now: datetime
) -> None:
    fetch_id = new_id("ft")
    body = Fetch(
        fetch_id=fetch_id,
        volume_id=copy.volume_id,
        copy_id=copy.copy_id,
        medium_id=copy.medium_id,
        content=unsigned(f"{content_url}/fetches/{fetch_id}"),
    )
    connection.execute(
        sa.insert(schema.fetches).values(
            fetch_id=fetch_id,
            volume_id=copy.volume_id,
            copy_id=copy.copy_id,
            appliance=copy.appliance,
            medium_id=copy.medium_id,
            job_id=issue(connection, copy.appliance, body, now),
            state=FetchState.WAITING,
            size_bytes=sum({row.sha256: row.size_bytes for row in rows}.values()),
            created_at=now,
        )
    )
    connection.execute(
        sa.update(schema.request_files)
        .where(
            _wanted.request_id == sa.bindparam("of_request"),
            _wanted.file_id == sa.bindparam("of_file"),
        )
        .values(fetch_id=fetch_id, error_code=None),
        [{"of_request": row.request_id, "of_file": row.file_id} for row in rows],
    )
    log.info("fetch %s reads %d files from %s", fetch_id, len(rows), copy.medium_id)


def _settle(connection: sa.Connection, request_id: str, now: datetime) -> None:
    """Bring a request's own state to that of its files."""
    query = (
        sa.select(_wanted.state, sa.func.count())
        .where(_wanted.request_id == request_id)
        .group_by(_wanted.state)
    )
    counts: dict[str, int] = {state: int(count) for state, count in connection.execute(query)}
    failed, waiting = counts.get(RequestFileState.FAILED, 0), counts.get(RequestFileState.WAITING)
    values: dict[str, object] = {"state": RequestState.RUNNING}
    if not waiting and failed:
        text = f"{failed} of {sum(counts.values())} files could not be brought back"
        values = {"state": RequestState.FAILED, "error_code": 5303, "error_message": text}
    elif not waiting:
        values = {"state": RequestState.DONE, "error_code": None, "error_message": None}
    if not waiting:
        values["done_at"] = now
    connection.execute(
        sa.update(schema.requests).where(_requests.request_id == request_id).values(**values)
    )
