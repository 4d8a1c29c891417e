"""Requests and their files as others see them: commands, pages, the API."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.catalogue.selection import ChosenPackage
from console.delivery.safe_names import SafePaths
from console.restore.layout import below, places
from console.retrieval.requests import NO_REQUEST
from console.store import schema
from console.store.states import RequestFileState
from console.tasks.kinds import TaskState

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c
_packages, _tasks = schema.packages.c, schema.tasks.c


class RequestRow(Struct, frozen=True):
    """One request. `seconds_left` is null when nobody can tell: a person is waited for (`tasks`),
    an appliance is away, or it is over.
    """

    request_id: str
    text: str
    state: str
    priority: str
    due_at: datetime | None
    requested_by: str
    created_at: datetime
    done_at: datetime | None
    expected_at: datetime | None
    seconds_left: float | None
    expires_at: datetime | None
    from_media: bool
    medium_kind: str | None
    deliver_to: str | None
    files: int
    files_ready: int
    files_failed: int
    files_placed: int
    size_bytes: int
    bytes_ready: int
    tasks: list[str]
    error_code: int | None
    error_message: str | None


class RequestFileRow(Struct, frozen=True):
    """A file of a request. `place` is where it belongs in the tree that the request gives back,
    in name text; `error_code` says what it waits for, or why it failed.
    """

    file_id: str
    package_id: str
    place: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    state: str
    error_code: int | None
    placed_at: datetime | None


def requests_query() -> sa.Select[Any]:
    """Every request with the sums over its files."""
    ready = _wanted.state == RequestFileState.READY
    failed = _wanted.state == RequestFileState.FAILED
    return sa.select(
        schema.requests,
        _count(ready).label("files_ready"),
        _count(failed).label("files_failed"),
        _count(_wanted.placed_at.is_not(None)).label("files_placed"),
        _bytes(ready).label("bytes_ready"),
    )


def _count(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.count())
        .where(_wanted.request_id == _requests.request_id, condition)
        .correlate(schema.requests)
        .scalar_subquery()
    )


def _bytes(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.coalesce(sa.func.sum(_files.size_bytes), 0))
        .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
        .where(_wanted.request_id == _requests.request_id, condition)
        .correlate(schema.requests)
        .scalar_subquery()
    )


def tasks_by_request(connection: sa.Connection) -> dict[str, list[str]]:
    """The open tasks that each request waits for."""
    query = sa.select(_tasks.task_id, _tasks.body).where(_tasks.state == TaskState.OPEN)
    found: dict[str, list[str]] = {}
    for task_id, body in connection.execute(query.order_by(_tasks.task_id)):
        for request_id in body.get("requests", ()):
            found.setdefault(request_id, []).append(task_id)
    return found


def show_request(row: Any, tasks: dict[str, list[str]], now: datetime) -> RequestRow:
    values = dict(row._mapping)
    left = row.expected_at
    values["seconds_left"] = None if left is None else max(0.0, (left - now).total_seconds())
    values["tasks"] = tasks.get(row.request_id, [])
    values["bytes_ready"] = int(row.bytes_ready)
    return RequestRow(**{name: values[name] for name in RequestRow.__struct_fields__})


def request_row(connection: sa.Connection, request_id: str, now: datetime) -> RequestRow:
    """One request.

    Raises:
        SteleError: 5326 there is none of this id.
    """
    query = requests_query().where(_requests.request_id == request_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(NO_REQUEST, f"there is no request {request_id}")
    return show_request(row, tasks_by_request(connection), now)


def only_of(namespaces: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether all files of the request of the enclosing query are in these namespaces."""
    foreign = (
        sa.exists()
        .select_from(
            schema.request_files.join(schema.files).join(
                schema.packages, _packages.package_id == _files.package_id
            )
        )
        .where(_wanted.request_id == _requests.request_id, _packages.namespace.not_in(namespaces))
        .correlate(schema.requests)
    )
    return ~foreign


def namespaces_of_files(connection: sa.Connection, file_ids: Collection[str]) -> set[str]:
    """The namespaces that these files lie in."""
    found: set[str] = set()
    ids = list(file_ids)
    for start in range(0, len(ids), 5_000):
        query = (
            sa.select(_packages.namespace)
            .join_from(schema.files, schema.packages)
            .where(_files.file_id.in_(ids[start : start + 5_000]))
            .distinct()
        )
        found.update(connection.scalars(query))
    return found


def request_files_query(request_id: str) -> sa.Select[Any]:
    return (
        sa.select(schema.files, _wanted.state.label("wanted"), _wanted.error_code)
        .add_columns(_wanted.placed_at)
        .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
        .where(_wanted.request_id == request_id)
    )


class Places:
    """Where the files of one request belong in the tree that it gives back."""

    def __init__(self, connection: sa.Connection, request_id: str) -> None:
        of_request = (
            sa.select(_files.package_id)
            .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
            .where(_wanted.request_id == request_id)
        )
        query = sa.select(schema.packages).where(_packages.package_id.in_(of_request))
        self._at = places(
            {
                row.package_id: ChosenPackage(
                    row.package_id, row.fonds, row.series, row.folder, row.restore_prefix
                )
                for row in connection.execute(query)
            }
        )

    def show(self, row: Any) -> RequestFileRow:
        return RequestFileRow(
            row.file_id,
            row.package_id,
            below(self._at[row.package_id], row.path),
            row.size_bytes,
            row.mtime_ns,
            row.sha256,
            row.wanted,
            row.error_code,
            row.placed_at,
        )


def zip_name(text: str) -> str:
    """A name for a ZIP of what was asked for in these words."""
    return SafePaths().file(text.replace("/", " ")[:80].strip() or "files") + ".zip"
