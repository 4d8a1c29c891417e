"""Handing over: one file, or many as a ZIP; what is being taken away stays until that is done."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.delivery.bundles import NOT_COMPLETE, Bundle
from console.delivery.checksums import crc32_of, keep_checksums, known_checksums
from console.delivery.contents import Content, find_content
from console.delivery.uses import count_uses
from console.delivery.zip_layout import Entry, ZipLayout
from console.retrieval.expiry import hold_contents, hold_request
from console.store import schema
from console.store.engine import reading
from console.store.states import BlobState
from console.store.workspace import Workspace

HELD = timedelta(hours=1)
"""What is being taken away stays at least so long after the last sign of it."""
HELD_AGAIN_S = 600.0
_KEPT_AT_ONCE = 200

_ASKED_AT_ONCE = 1_000

_files, _blobs, _delivered = schema.files.c, schema.blobs.c, schema.delivered.c


@dataclass(frozen=True, slots=True)
class Handed:
    """Bytes of which any part may be asked for. `read(start, end)` gives them."""

    size_bytes: int
    read: Callable[[int, int], Iterator[bytes]]
    etag: str
    name: str


def hand_file(workspace: Workspace, row: Any) -> Handed:
    """One file, whose row of `files` is given.

    Raises:
        SteleError: 5481 its bytes are only on media.
    """
    content = _content(workspace, row.sha256, row.size_bytes)
    if content is None:
        raise SteleError(5481, f"the bytes of {row.path} are not here")
    name = row.path.rpartition("/")[2]

    def read(start: int, end: int) -> Iterator[bytes]:
        def hold(until: datetime) -> None:
            with workspace.store.begin() as connection:
                hold_contents(connection, [row.sha256], until)
                if start == 0:
                    count_uses(connection, [row.package_id], datetime.now(UTC))

        hold(datetime.now(UTC) + HELD)
        yield from _holding(content.read(start, end), workspace, row.sha256)

    return Handed(row.size_bytes, read, row.sha256, name)


def _holding(chunks: Iterator[bytes], workspace: Workspace, sha256: str) -> Iterator[bytes]:
    again_at = time.monotonic() + HELD_AGAIN_S
    for chunk in chunks:
        yield chunk
        if time.monotonic() >= again_at:
            with workspace.store.begin() as connection:
                hold_contents(connection, [sha256], datetime.now(UTC) + HELD)
            again_at = time.monotonic() + HELD_AGAIN_S


def _content(workspace: Workspace, sha256: str, size_bytes: int) -> Content | None:
    return find_content((workspace.landing, workspace.delivered), sha256, size_bytes)


def hand_zip(workspace: Workspace, bundle: Bundle) -> Handed:
    """A bundle as a ZIP of stored files, made while it is sent; any part may be asked for.

    Raises:
        SteleError: 5327 the bytes of some files are only on media.
    """
    return _Zip(workspace, bundle).handed()


class _Zip:
    def __init__(self, workspace: Workspace, bundle: Bundle) -> None:
        self._workspace = workspace
        self._bundle = bundle
        self._told = {entry.name: data for entry, data in bundle.leading}
        self._layout = ZipLayout(bundle.entries)
        self._known: dict[str, int] = {}
        self._new: dict[str, int] = {}

    def handed(self) -> Handed:
        self._require_all()
        return Handed(self._layout.size_bytes, self._read, self._bundle.etag, "")

    def _require_all(self) -> None:
        here = contents_here(
            self._workspace.store, {entry.key for entry, _, _ in self._bundle.files}
        )
        missing = [entry.name for entry, _, _ in self._bundle.files if entry.key not in here]
        if missing:
            text = f"{len(missing)} of {len(self._bundle.files)} files are only on media"
            raise SteleError(NOT_COMPLETE, text, missing[0])

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        self._known = known_checksums(
            self._workspace.store, {entry.key for entry, _, _ in self._bundle.files}
        )
        self._hold(first=start == 0)
        again_at = time.monotonic() + HELD_AGAIN_S
        try:
            for chunk in self._layout.read(start, end, self._content, self._crc32):
                yield chunk
                if time.monotonic() >= again_at:
                    self._hold()
                    again_at = time.monotonic() + HELD_AGAIN_S
        finally:
            self._keep()

    def _hold(self, *, first: bool = False) -> None:
        """Have all of it stay while it is taken away; the first time counts as a use."""
        now = datetime.now(UTC)
        with self._workspace.store.begin() as connection:
            if self._bundle.request_id is not None:
                hold_request(connection, self._bundle.request_id, now + HELD)
            else:
                digests = [entry.key for entry, _, _ in self._bundle.files]
                hold_contents(connection, digests, now + HELD)
            if first:
                count_uses(connection, list(self._bundle.packages), now)

    def _content(self, entry: Entry, start: int, end: int) -> Iterator[bytes]:
        if entry.name in self._told:
            yield self._told[entry.name][start:end]
            return
        content = _content(self._workspace, entry.key, entry.size_bytes)
        if content is None:
            raise SteleError(3401, f"the bytes of {entry.name} are gone")
        yield from content.read(start, end)

    def _crc32(self, entry: Entry) -> int:
        """The checksum that is kept of a content; else it is read and compared for it."""
        if entry.name in self._told:
            return crc32_of(self._told[entry.name])
        if not entry.size_bytes:
            return 0
        crc32 = self._known.get(entry.key)
        if crc32 is None:
            content = _content(self._workspace, entry.key, entry.size_bytes)
            if content is None:
                raise SteleError(3401, f"the bytes of {entry.name} are gone")
            crc32 = self._known[entry.key] = self._new[entry.key] = content.compare()
            if len(self._new) >= _KEPT_AT_ONCE:
                self._keep()
        return crc32

    def _keep(self) -> None:
        keep_checksums(self._workspace.store, self._new)
        self._new = {}


def contents_here(engine: sa.Engine, digests: Collection[str]) -> set[str]:
    """Of these contents, those that the landing zone or `delivered/` hold as far as is known.

    The store is asked, not the places: with a hundred thousand files in an object store that would
    take minutes.
    """
    names, found = sorted(digests), set[str]()
    with reading(engine).connect() as connection:
        for start in range(0, len(names), _ASKED_AT_ONCE):
            some = names[start : start + _ASKED_AT_ONCE]
            landed = sa.select(_blobs.sha256).where(
                _blobs.sha256.in_(some), _blobs.state == BlobState.LANDED
            )
            delivered = sa.select(_delivered.sha256).where(_delivered.sha256.in_(some))
            found.update(connection.scalars(landed))
            found.update(connection.scalars(delivered))
    return found


def file_row(connection: sa.Connection, file_id: str) -> Any:
    """The row of a file; None when there is none."""
    return connection.execute(
        sa.select(schema.files).where(_files.file_id == file_id)
    ).one_or_none()
