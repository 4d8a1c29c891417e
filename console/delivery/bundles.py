"""What is to be handed over together: the files of a request, or of a choice in the archive, each
with its place in the tree that results.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.catalogue.selection import Chosen, ChosenFile, ChosenPackage, Selection, choose
from console.delivery.safe_names import SafePaths
from console.delivery.zip_layout import Entry
from console.restore.layout import below, places
from console.store import schema
from console.store.states import RequestFileState, RequestState

ENTRIES_MAX = 250_000
"""Of one ZIP: about 1 KB of memory each while it is sent."""
LIST_NAME, DIGESTS_NAME = "stele-manifest.json", "manifest-sha256.txt"
NO_REQUEST, NOT_COMPLETE, TOO_MANY = 5326, 5327, 5328

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c


@dataclass(slots=True)
class Bundle:
    """`name` is what the bundle is called; `etag` changes with anything in it."""

    name: str
    files: list[tuple[Entry, ChosenFile, str]]
    """Each file with its entry and its original path in the tree."""
    folders: list[Entry]
    packages: dict[str, ChosenPackage]
    request_id: str | None = None
    leading: list[tuple[Entry, bytes]] = field(default_factory=list)
    """What the ZIP says of itself, first in it."""

    @property
    def entries(self) -> list[Entry]:
        told = [entry for entry, _ in self.leading]
        return [*told, *self.folders, *(entry for entry, _, _ in self.files)]

    @property
    def etag(self) -> str:
        digest = hashlib.sha256()
        for entry in self.entries:
            digest.update(f"{entry.name}\0{entry.size_bytes}\0{entry.mtime_ns}\0".encode())
            digest.update(entry.key.encode() + b"\n")
        for _, content in self.leading:
            digest.update(content)
        return digest.hexdigest()


def request_bundle(connection: sa.Connection, request_id: str, *, partial: bool = False) -> Bundle:
    """What a request brought. With `partial` also while it is not complete.

    Raises:
        SteleError: 5326 there is no such request; 5327 it is not done, or files of it failed; 5328
            it has too many files for one ZIP.
    """
    row = connection.execute(
        sa.select(schema.requests).where(_requests.request_id == request_id)
    ).one_or_none()
    if row is None:
        raise SteleError(NO_REQUEST, f"there is no request {request_id}")
    if row.state != RequestState.DONE and not partial:
        raise SteleError(NOT_COMPLETE, f"request {request_id} is {row.state}")
    bundle = _bundle(row.text, _chosen(connection, request_id))
    bundle.request_id = request_id
    return bundle


def selection_bundle(connection: sa.Connection, selection: Selection) -> Bundle:
    """What a person chose, whether its bytes are here or not.

    Raises:
        SteleError: 5412 the archive holds nothing of it; 5328 too many files.
    """
    return _bundle(selection.text, choose(connection, selection))


def _chosen(connection: sa.Connection, request_id: str) -> Chosen:
    packages = schema.packages.c
    query = (
        sa.select(
            _files.file_id,
            _files.package_id,
            _files.path,
            _files.size_bytes,
            _files.mtime_ns,
            _files.sha256,
            packages.fonds,
            packages.series,
            packages.folder,
            packages.restore_prefix,
        )
        .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
        .join(schema.packages, packages.package_id == _files.package_id)
        .where(_wanted.request_id == request_id, _wanted.state == RequestFileState.READY)
        .limit(ENTRIES_MAX + 1)
    )
    chosen = Chosen()
    for row in connection.execute(query):
        chosen.packages.setdefault(row.package_id, _package(row))
        chosen.files.append(
            ChosenFile(
                row.file_id,
                row.package_id,
                row.path,
                row.size_bytes,
                row.mtime_ns,
                row.sha256,
                in_landing_zone=False,
            )
        )
    return chosen


def _package(row: Any) -> ChosenPackage:
    return ChosenPackage(row.package_id, row.fonds, row.series, row.folder, row.restore_prefix)


def _bundle(name: str, chosen: Chosen) -> Bundle:
    if len(chosen.files) + len(chosen.folders) > ENTRIES_MAX:
        raise SteleError(TOO_MANY, f"{name}: more than {ENTRIES_MAX} files and folders")
    at = places(chosen.packages)
    paths = SafePaths(taken=(LIST_NAME, DIGESTS_NAME))
    folders = []
    for path, mtime_ns in sorted(
        {
            below(at[package_id], path): mtime_ns for package_id, path, mtime_ns in chosen.folders
        }.items()
    ):
        if path:
            folders.append(Entry(f"{paths.folder(path)}/", 0, mtime_ns))
    files = []
    for path, file in sorted(
        ((below(at[file.package_id], file.path), file) for file in chosen.files),
        key=lambda pair: (pair[0], pair[1].file_id),
    ):
        entry = Entry(paths.file(path), file.size_bytes, file.mtime_ns, file.sha256)
        files.append((entry, file, path))
    bundle = Bundle(name, files, folders, chosen.packages)
    bundle.leading = _tell(bundle)
    return bundle


def _tell(bundle: Bundle) -> list[tuple[Entry, bytes]]:
    """Two files: which original name each one has, and digests as sha256sum reads them."""
    rows = []
    for entry, file, path in bundle.files:
        package = bundle.packages[file.package_id]
        rows.append(
            {
                "name": entry.name,
                "original": path,
                "fonds": package.fonds,
                "series": package.series,
                "file_id": file.file_id,
                "size_bytes": file.size_bytes,
                "mtime_ns": file.mtime_ns,
                "sha256": file.sha256,
            }
        )
    text = msgspec.json.format(msgspec.json.encode({"files": rows}), indent=1) + b"\n"
    digests = b"".join(f"{file.sha256}  {entry.name}\n".encode() for entry, file, _ in bundle.files)
    told = ((LIST_NAME, text), (DIGESTS_NAME, digests))
    return [(Entry(name, len(data), 315_532_800 * 10**9), data) for name, data in told]
