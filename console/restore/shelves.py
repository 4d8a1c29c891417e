"""Delivery into a folder on the console's side: below `delivery.folder`, and nowhere else.

A request with `deliver_to` gets each file put there as soon as it is ready, checked against its
digest, under its archived name. One process at a time works for one request: it holds a lease.
"""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path
from appliance.volume.tool.destination import Destination
from console.catalogue.selection import ChosenPackage
from console.delivery.contents import Content, find_content
from console.delivery.uses import count_uses
from console.restore.layout import below, places
from console.retrieval.expiry import hold_request
from console.store import schema
from console.store.engine import reading
from console.store.ids import new_id
from console.store.states import RequestFileState, RequestState
from console.store.upsert import insert_into
from console.store.workspace import Workspace

log = logging.getLogger(__name__)

OFF, BAD_NAME, NOT_PUT = 5330, 5331, 5332
BATCH_FILES, BATCH_BYTES = 200, 256 << 20
LEASE = timedelta(minutes=5)
HELD = timedelta(hours=1)
_DRIVE = re.compile(r"^[A-Za-z]:|\\")
_HOLDER = new_id("dl")

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c
_leases = schema.leases.c


def delivery_folder(workspace: Workspace) -> Path:
    """Where deliveries go.

    Raises:
        SteleError: 5330 nothing is delivered into folders here.
    """
    folder = workspace.config.delivery.folder
    if not folder:
        raise SteleError(OFF, "`delivery.folder` is not set")
    return Path(folder).expanduser()


def check_folder_name(workspace: Workspace, name: str) -> str:
    """The name of a delivery's folder, below the folder of all deliveries, as it is kept.

    Raises:
        SteleError: 5330 nothing is delivered into folders here; 5331 it leads elsewhere.
    """
    delivery_folder(workspace)
    try:
        check_path(name)
    except VolumeError as error:
        raise SteleError(
            BAD_NAME, f"{name[:200]!r} is no folder's name: {error.message}"
        ) from error
    if _DRIVE.search(name):
        raise SteleError(BAD_NAME, f"{name[:200]!r} names a drive, or has a backslash in it")
    return name


def deliver_again(
    connection: sa.Connection, request_id: str, folder: str | None, now: datetime
) -> None:
    """Have a request put into a folder, or once more what could not be put there."""
    hold_request(connection, request_id, now + HELD)
    changed: dict[str, Any] = {"error_code": None}
    if folder is not None:
        connection.execute(
            sa.update(schema.requests)
            .where(_requests.request_id == request_id)
            .values(deliver_to=folder)
        )
        changed["placed_at"] = None
    connection.execute(
        sa.update(schema.request_files)
        .where(_wanted.request_id == request_id, _wanted.state == RequestFileState.READY)
        .values(**changed)
    )


def deliver_next(workspace: Workspace, now: datetime) -> int:
    """Put some files where they are wanted; gives how many, 0 when nothing is to be done."""
    if not workspace.config.delivery.folder:
        return 0
    with reading(workspace.store).connect() as connection:
        waiting = [str(request_id) for request_id in connection.scalars(_waiting())]
    for request_id in waiting:
        with workspace.store.begin() as connection:
            mine = _take_lease(connection, request_id, now)
        if mine:
            try:
                return _deliver(workspace, request_id, now)
            finally:
                with workspace.store.begin() as connection:
                    mine_now = _leases["holder"] == _HOLDER
                    this = _leases["name"] == _lease(request_id)
                    connection.execute(sa.delete(schema.leases).where(this, mine_now))
    return 0


def _unplaced() -> sa.ColumnElement[bool]:
    return sa.and_(
        _wanted.state == RequestFileState.READY,
        _wanted.placed_at.is_(None),
        _wanted.error_code.is_(None),
    )


def _waiting() -> sa.Select[Any]:
    return (
        sa.select(_requests.request_id)
        .where(
            _requests.deliver_to.is_not(None),
            sa.exists().where(_wanted.request_id == _requests.request_id, _unplaced()),
        )
        .order_by(_requests.created_at)
    )


def _lease(request_id: str) -> str:
    return f"deliver:{request_id}"


def _take_lease(connection: sa.Connection, request_id: str, now: datetime) -> bool:
    values = {"holder": _HOLDER, "until": now + LEASE}
    taken = connection.execute(
        insert_into(connection, schema.leases)
        .values(name=_lease(request_id), **values)
        .on_conflict_do_update(
            index_elements=["name"],
            set_=values,
            where=(_leases["until"] < now) | (_leases["holder"] == _HOLDER),
        )
        .returning(_leases["holder"])
    )
    return taken.first() is not None


def _deliver(workspace: Workspace, request_id: str, now: datetime) -> int:
    with reading(workspace.store).connect() as connection:
        request = connection.execute(
            sa.select(schema.requests).where(_requests.request_id == request_id)
        ).one()
        at = places(_packages(connection, request_id))
        rows = list(_batch(connection, request_id))
    done: dict[str, int | None] = {}
    last = now
    try:
        with Destination(delivery_folder(workspace)) as destination:
            for row in rows:
                path = below(request.deliver_to, below(at[row.package_id], row.path))
                done[row.file_id] = _put(workspace, destination, row, path)
                last = _keep_lease(workspace, request_id, last)
    except VolumeError as error:
        log.error("[%d] %s", error.code, error.message)
        done |= {row.file_id: NOT_PUT for row in rows if row.file_id not in done}
    _record(workspace, request_id, done, now)
    return len(done)


def _batch(connection: sa.Connection, request_id: str) -> Iterator[Any]:
    query = (
        sa.select(schema.files)
        .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
        .where(_wanted.request_id == request_id, _unplaced())
        .order_by(_files.package_id, _files.path)
        .limit(BATCH_FILES)
    )
    size_bytes = 0
    for row in connection.execute(query):
        if size_bytes > BATCH_BYTES:
            return
        size_bytes += row.size_bytes
        yield row


def _packages(connection: sa.Connection, request_id: str) -> dict[str, ChosenPackage]:
    packages = schema.packages.c
    of_request = (
        sa.select(_files.package_id)
        .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
        .where(_wanted.request_id == request_id)
    )
    query = sa.select(schema.packages).where(packages.package_id.in_(of_request))
    return {
        row.package_id: ChosenPackage(
            row.package_id, row.fonds, row.series, row.folder, row.restore_prefix
        )
        for row in connection.execute(query)
    }


def _put(workspace: Workspace, destination: Destination, row: Any, path: str) -> int | None:
    """Put one file in its place; gives the number of what went wrong."""
    content = find_content((workspace.landing, workspace.delivered), row.sha256, row.size_bytes)
    try:
        there = destination.sha256_of(path)
        if there is not None and there.hex() == row.sha256:
            return None
        if content is None:
            raise SteleError(3401, f"the bytes of {path} are gone")
        destination.write_file(path, _chunks(content), row.mtime_ns)
    except (SteleError, VolumeError) as error:
        log.warning("[%d] %s is not put into its folder: %s", error.code, path, error.message)
        return NOT_PUT
    return None


def _chunks(content: Content) -> Iterator[bytes]:
    yield from content.read()


def _keep_lease(workspace: Workspace, request_id: str, last: datetime) -> datetime:
    """Hold on to the request and to what it brought, while its files are being written."""
    now = datetime.now(UTC)
    if now - last < LEASE / 5:
        return last
    with workspace.store.begin() as connection:
        _take_lease(connection, request_id, now)
        hold_request(connection, request_id, now + HELD)
    return now


def _record(
    workspace: Workspace, request_id: str, done: dict[str, int | None], now: datetime
) -> None:
    placed = [file_id for file_id, code in done.items() if code is None]
    failed = [file_id for file_id, code in done.items() if code is not None]
    with workspace.store.begin() as connection:
        for ids, values in (
            (placed, {"placed_at": now}),
            (failed, {"error_code": NOT_PUT}),
        ):
            connection.execute(
                sa.update(schema.request_files)
                .where(_wanted.request_id == request_id, _wanted.file_id.in_(ids))
                .values(**values)
            )
        state = connection.scalar(
            sa.select(_requests.state).where(_requests.request_id == request_id)
        )
        left = connection.scalar(
            sa.select(_wanted.file_id).where(_wanted.request_id == request_id, _unplaced()).limit(1)
        )
        if placed and left is None and RequestState(state or "waiting").is_final:
            count_uses(connection, list(_packages(connection, request_id)), now)
