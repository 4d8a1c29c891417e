"""/api/v1/selections: what a restore would bring back and where it goes; many small contents."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from console.api.rest import Call, Key, Resource, Rows, Scope, Stream
from console.api.v1.requests import Choice
from console.catalogue.selection import Chosen, choose
from console.delivery.contents import Content, find_content
from console.delivery.uses import count_uses
from console.restore.layout import below, places
from console.retrieval.expiry import hold_content
from console.store.schema import files, packages

selections = Resource("selections", "Selections: what would come back, and where it would go.")

CONTENTS_MAX = 1_000
_HELD = timedelta(hours=1)
_TOGETHER = 500
_PIECE_BYTES = 1 << 20


class SelectedFolder(Struct, frozen=True, tag="folder"):
    """A folder of the tree that comes back; `place` is '' for its root."""

    place: str
    mtime_ns: int


class SelectedFile(Struct, frozen=True, tag="file"):
    """`at_hand`: it can be had without any medium, as far as is known now."""

    file_id: str
    place: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    at_hand: bool


Selected = SelectedFolder | SelectedFile


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Ids of files."""

    files: Annotated[list[Key], Meta(min_length=1, max_length=CONTENTS_MAX)]


@selections.post("/selections", scope=Scope.RETRIEVE, errors=(5412,), namespaced=True)
def select_files(call: Call, body: Choice) -> Rows[Selected]:
    """List what a choice holds, folders first: the tree that restoring it gives.

    A token that is limited to namespaces finds what is in them.
    """
    with call.reading() as connection:
        chosen = _open_to(call, connection, choose(connection, body.selection()))
    if not chosen.packages:
        raise SteleError(5412, f"the archive holds nothing of: {body.selection().text}")
    return Rows(_rows(chosen))


@selections.post(
    "/selections/contents",
    scope=Scope.RETRIEVE,
    errors=(3401, 5413, 5426, 5481),
    namespaced=True,
)
def take_contents(call: Call, body: Wanted) -> Stream:
    """Download small files together: their bytes one after the other, in the order of the ids.

    All must be at hand (5481). A content that is no longer what was archived ends the stream.
    """
    rows: dict[str, Any] = {}
    with call.reading() as connection:
        for start in range(0, len(body.files), _TOGETHER):
            some = body.files[start : start + _TOGETHER]
            query = sa.select(files, packages.c.namespace).join_from(files, packages)
            found = connection.execute(query.where(files.c.file_id.in_(some)))
            rows.update((row.file_id, row) for row in found if call.principal.sees(row.namespace))
    contents = []
    for file_id in body.files:
        if file_id not in rows:
            raise SteleError(5426, f"there is no file {file_id!r}")
        row = rows[file_id]
        stores = (call.workspace.landing, call.workspace.delivered)
        content = find_content(stores, row.sha256, row.size_bytes)
        if content is None:
            raise SteleError(5481, f"the bytes of {row.path} are not here")
        contents.append(content)
    with call.changing() as connection:
        count_uses(connection, {row.package_id for row in rows.values()}, call.now)
        for sha256 in sorted({row.sha256 for row in rows.values()}):
            hold_content(connection, sha256, call.now + _HELD)
    return Stream(_together(contents), sum(content.size_bytes for content in contents))


def _together(contents: list[Content]) -> Iterator[bytes]:
    some, size = [], 0
    for content in contents:
        for chunk in content.read():
            some.append(chunk)
            size += len(chunk)
            if size >= _PIECE_BYTES:
                yield b"".join(some)
                some, size = [], 0
    yield b"".join(some)


def _open_to(call: Call, connection: sa.Connection, chosen: Chosen) -> Chosen:
    if call.principal.namespaces is None:
        return chosen
    own: set[str] = set()
    ids = list(chosen.packages)
    for start in range(0, len(ids), _TOGETHER):
        query = sa.select(packages.c.package_id).where(
            packages.c.package_id.in_(ids[start : start + _TOGETHER]),
            call.own(packages.c.namespace),
        )
        own.update(connection.scalars(query))
    return Chosen(
        {package_id: found for package_id, found in chosen.packages.items() if package_id in own},
        [file for file in chosen.files if file.package_id in own],
        [folder for folder in chosen.folders if folder[0] in own],
    )


def _rows(chosen: Chosen) -> Iterator[Selected]:
    where = places(chosen.packages)
    for package_id, path, mtime_ns in chosen.folders:
        yield SelectedFolder(below(where[package_id], path), mtime_ns)
    for file in sorted(chosen.files, key=lambda one: (where[one.package_id], one.path)):
        yield SelectedFile(
            file.file_id,
            below(where[file.package_id], file.path),
            file.size_bytes,
            file.mtime_ns,
            file.sha256,
            file.in_landing_zone,
        )
