"""/api/v1/requests, and the bytes: /files/{id}/content, /zip."""

from datetime import timedelta
from functools import partial
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.api.rest import (
    Call,
    Instant,
    Key,
    Line,
    Order,
    Page,
    PageQuery,
    Ranged,
    Resource,
    Scope,
    page_of,
)
from console.catalogue.selection import Selection, choose
from console.delivery.bundles import Bundle, request_bundle, selection_bundle
from console.delivery.handing import Handed, file_row, hand_file, hand_zip
from console.restore.shelves import check_folder_name, deliver_again
from console.retrieval.listing import (
    Places,
    RequestFileRow,
    RequestRow,
    namespaces_of_files,
    only_of,
    request_files_query,
    request_row,
    requests_query,
    show_request,
    tasks_by_request,
    zip_name,
)
from console.retrieval.requests import NO_REQUEST, Terms, create_request, withdraw_request
from console.retrieval.states import Priority
from console.store import schema
from console.store.states import RequestFileState, RequestState

requests = Resource("requests", "Requests: files that somebody wants back, and their delivery.")

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Path = Annotated[str, Meta(min_length=1, max_length=65_535)]
Folder = Annotated[str, Meta(min_length=1, max_length=1024)]
_table = schema.requests


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of the archive; all of it when nothing is said. `names` are file ids, or paths as they
    stand in a restored tree.
    """

    fonds: Name | None = None
    series: Name | None = None
    dossier: Name | None = None
    names: Annotated[list[Path], Meta(max_length=10_000)] = []

    def selection(self) -> Selection:
        return Selection(self.fonds, self.series, self.dossier, tuple(self.names))


class NewRequest(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`text` says in a person's words what is asked for. With `from_media` media are read even for
    what is still at hand, with `medium_kind` copies on that kind alone. `deliver_to` is a folder
    below `delivery.folder` of the console's settings.
    """

    text: Line = ""
    priority: Priority = Priority.NORMAL
    due_at: Instant | None = None
    from_media: bool = False
    medium_kind: MediumKind | None = None
    keep_hours: Annotated[int, Meta(ge=1, le=24 * 365)] | None = None
    deliver_to: Folder | None = None


class RequestQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    open: bool | None = None
    """True for requests that are not over, false for those that are."""
    requested_by: Line | None = None


class FileQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: RequestFileState | None = None


class Delivery(Struct, frozen=True, forbid_unknown_fields=True):
    """`folder` is one below `delivery.folder`; without it what could not be put there is tried
    again.
    """

    folder: Folder | None = None


class ZipQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    partial: bool = False
    """What is there, although the request is not done, or some files failed."""


class ChoiceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fonds: Name | None = None
    series: Name | None = None
    dossier: Name | None = None
    name: Annotated[list[Path], Meta(max_length=1_000)] = []


@requests.post(
    "/requests", scope=Scope.RETRIEVE, status=201, errors=(5304, 5330, 5331, 5412), namespaced=True
)
def create_one_request(call: Call, body: NewRequest) -> RequestRow:
    """Ask for files. What is at hand is ready at once, the rest is read from media."""
    folder = check_folder_name(call.workspace, body.deliver_to) if body.deliver_to else None
    selection = body.selection()
    with call.reading() as connection:
        ids = [file.file_id for file in choose(connection, selection).files]
        for namespace in namespaces_of_files(connection, ids):
            call.principal.needs_namespace(namespace)
    kept = timedelta(hours=body.keep_hours) if body.keep_hours else None
    terms = Terms(
        priority=body.priority,
        due_at=body.due_at,
        requested_by=call.who,
        expires_at=call.now + kept if kept else None,
        deliver_to=folder,
        at=call.now,
    )
    request_id = create_request(
        call.workspace.store,
        ids,
        body.text or selection.text,
        from_media=body.from_media,
        medium_kind=body.medium_kind,
        terms=terms,
    )
    with call.reading() as connection:
        return request_row(connection, request_id, call.now)


@requests.get("/requests", scope=(Scope.READ, Scope.RETRIEVE), errors=(5429,), namespaced=True)
def list_requests(call: Call, query: RequestQuery) -> Page[RequestRow]:
    """List requests, newest first. A token that is limited to namespaces sees those within them."""
    rows = requests_query().where(_visible(call))
    if query.open is not None:
        over = _table.c.state.in_([state for state in RequestState if state.is_final])
        rows = rows.where(~over if query.open else over)
    if query.requested_by is not None:
        rows = rows.where(_table.c.requested_by == query.requested_by)
    by = [Order(_table.c.created_at, descending=True), Order(_table.c.request_id)]
    with call.reading() as connection:
        show = partial(_show, tasks=tasks_by_request(connection), call=call)
        return page_of(connection, rows, by, query, show)


def _show(row: sa.Row[tuple[object]], tasks: dict[str, list[str]], call: Call) -> RequestRow:
    return show_request(row, tasks, call.now)


@requests.get(
    "/requests/{request_id}",
    scope=(Scope.READ, Scope.RETRIEVE),
    errors=(5326,),
    namespaced=True,
)
def show_one_request(call: Call, request_id: Key) -> RequestRow:
    """Show one request, how far it is and when it is expected to be there."""
    with call.reading() as connection:
        _require(call, connection, request_id)
        return request_row(connection, request_id, call.now)


@requests.delete(
    "/requests/{request_id}", scope=Scope.RETRIEVE, errors=(5324, 5326), namespaced=True
)
def withdraw_one_request(call: Call, request_id: Key) -> None:
    """Withdraw a request: what has not begun is not read for it."""
    with call.changing() as connection:
        _require(call, connection, request_id)
        withdraw_request(connection, request_id, call.who, call.now)


@requests.get(
    "/requests/{request_id}/files",
    scope=(Scope.READ, Scope.RETRIEVE),
    errors=(5326, 5429),
    namespaced=True,
)
def list_request_files(call: Call, request_id: Key, query: FileQuery) -> Page[RequestFileRow]:
    """List the files of a request, each with its place in the tree that it gives back."""
    rows = request_files_query(request_id)
    if query.state is not None:
        rows = rows.where(schema.request_files.c.state == query.state)
    with call.reading() as connection:
        _require(call, connection, request_id)
        places = Places(connection, request_id)
        return page_of(connection, rows, [Order(schema.files.c.file_id)], query, places.show)


@requests.post(
    "/requests/{request_id}/deliver",
    scope=Scope.RETRIEVE,
    errors=(5326, 5330, 5331),
    namespaced=True,
)
def deliver_request(call: Call, request_id: Key, body: Delivery) -> RequestRow:
    """Have the files put into a folder on the console's side, or try again what could not be."""
    folder = check_folder_name(call.workspace, body.folder) if body.folder else None
    with call.changing() as connection:
        _require(call, connection, request_id)
        deliver_again(connection, request_id, folder, call.now)
        return request_row(connection, request_id, call.now)


@requests.get(
    "/requests/{request_id}/zip",
    scope=Scope.RETRIEVE,
    errors=(3401, 5326, 5327, 5328, 5427),
    also={206: "A part of it.", 304: "It has not changed."},
    media="application/zip",
    namespaced=True,
)
def take_request_zip(call: Call, request_id: Key, query: ZipQuery) -> Ranged:
    """Download what a request brought as one ZIP, in parts if need be.

    Names in it are safe on every system; `stele-manifest.json` in it has the original ones.
    """
    with call.reading() as connection:
        _require(call, connection, request_id)
        bundle = request_bundle(connection, request_id, partial=query.partial)
    return _zipped(call, bundle)


@requests.get(
    "/zip",
    scope=Scope.RETRIEVE,
    errors=(3401, 5327, 5328, 5412, 5427),
    also={206: "A part of it.", 304: "It has not changed."},
    media="application/zip",
    namespaced=True,
)
def take_zip(call: Call, query: ChoiceQuery) -> Ranged:
    """Download a dossier, a series or folders as one ZIP; all of it must be at hand."""
    selection = Selection(query.fonds, query.series, query.dossier, tuple(query.name))
    with call.reading() as connection:
        bundle = selection_bundle(connection, selection)
        ids = [file.file_id for _, file, _ in bundle.files]
        for namespace in namespaces_of_files(connection, ids):
            call.principal.needs_namespace(namespace)
    return _zipped(call, bundle)


@requests.get(
    "/files/{file_id}/content",
    scope=Scope.RETRIEVE,
    errors=(3401, 5427, 5481),
    also={206: "A part of it.", 304: "It has not changed."},
    namespaced=True,
)
def take_content(call: Call, file_id: Key) -> Ranged:
    """Download one file, in parts if need be. Its ETag is its SHA-256."""
    with call.reading() as connection:
        row = file_row(connection, file_id)
        if row is None:
            raise SteleError(5426, f"there is no file {file_id!r}")
        for namespace in namespaces_of_files(connection, [file_id]):
            call.principal.needs_namespace(namespace)
    found = hand_file(call.workspace, row)
    return _ranged(found, found.name)


def _zipped(call: Call, bundle: Bundle) -> Ranged:
    return _ranged(hand_zip(call.workspace, bundle), zip_name(bundle.name))


def _ranged(found: Handed, name: str) -> Ranged:
    return Ranged(found.size_bytes, found.read, found.etag, name)


def _visible(call: Call) -> sa.ColumnElement[bool]:
    namespaces = call.principal.namespaces
    return sa.true() if namespaces is None else only_of(namespaces)


def _require(call: Call, connection: sa.Connection, request_id: str) -> None:
    """Pass if there is such a request and it lies within the caller's namespaces."""
    query = sa.select(_table.c.request_id).where(_table.c.request_id == request_id, _visible(call))
    if connection.scalar(query) is None:
        raise SteleError(NO_REQUEST, f"there is no request {request_id}")
