"""Large contents, each by an upload of its own that goes on where it broke off.

What there is of one lies in `uploads/` of the data folder, and the store knows how much of it is
on the disk for certain; so any process may go on with it, also after this one was killed. A lock
on the file lets one process at a time write; who comes later asks the other to stop.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol

import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path
from appliance.volume.tool.folder import MTIME_NS_MAX, MTIME_NS_MIN
from console.ingest.listing import Description, Sha256
from console.ingest.notices import Notice, keep_notices
from console.ingest.orders import Ingest, note_progress
from console.ingest.reasons import code_of
from console.ingest.refusals import Refusal
from console.ingest.session import Session
from console.store.engine import reading
from console.store.ids import new_id
from console.store.landing import LandingError
from console.store.schema import uploads
from console.store.upsert import insert_into
from console.store.workspace import Workspace

CHUNK_BYTES = 1 << 18
SAFE_EVERY_BYTES = 64 << 20
"""So much at most is sent again after a crash."""
PATIENCE_S = 40.0
"""Longer than a connection may be silent before it is given up."""
KEPT = timedelta(days=7)
"""An upload that stands still for so long is forgotten."""
WAITING, DONE, REFUSED = "waiting", "done", "refused"


class NewUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that comes by itself. `path` is below the ingest's root, in name text."""

    path: Annotated[str, Meta(min_length=1, max_length=32_768)]
    size_bytes: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    mtime_ns: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    sha256: Sha256 | None = None
    title: Annotated[str, Meta(max_length=1024)] | None = None
    description: Description | None = None


class Upload(Struct, frozen=True):
    """How far it is. When `state` is refused, `refusal` says why."""

    upload_id: str
    ingest_id: str
    path: str
    size_bytes: int
    offset_bytes: int
    state: str
    refusal: Refusal | None = None


class Body(Protocol):
    """Bytes as they come; `size_bytes` is what the sender says, None when it does not."""

    @property
    def size_bytes(self) -> int | None: ...

    def read(self, size: int) -> bytes: ...


def begin_upload(workspace: Workspace, ingest: Ingest, new: NewUpload) -> Upload:
    """Announce a file; the same again is the same upload, with what there is of it.

    Raises:
        SteleError: 3409 its name; 3411, 3416 its dossier; 3414 the ingest is over.
    """
    try:
        check_path(new.path)
    except VolumeError as error:
        raise SteleError(code_of(error), error.message) from error
    place, _ = ingest.arrangement.place(new.path)
    Session(workspace, ingest).look(place)
    _forget_old(workspace)
    mtime_ns = min(max(new.mtime_ns, MTIME_NS_MIN), MTIME_NS_MAX)
    sha256 = new.sha256.lower() if new.sha256 else None
    notice = Notice(new.path, True, new.size_bytes, sha256, new.title, new.description)
    now = datetime.now(UTC)
    fresh = {
        "size_bytes": new.size_bytes,
        "mtime_ns": mtime_ns,
        "offset_bytes": 0,
        "state": WAITING,
        "created_at": now,
        "updated_at": now,
    }
    with workspace.store.begin() as connection:
        note_progress(connection, ingest.ingest_id, {})
        keep_notices(connection, ingest.ingest_id, [notice])
        insert = insert_into(connection, uploads).values(
            upload_id=new_id("up"), ingest_id=ingest.ingest_id, path=new.path, **fresh
        )
        # One of another size or time, or one that was refused, begins anew.
        other = (
            (uploads.c.size_bytes != new.size_bytes)
            | (uploads.c.mtime_ns != mtime_ns)
            | (uploads.c.state != WAITING)
        )
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["ingest_id", "path"], set_=fresh, where=other
            )
        )
        row = connection.execute(
            sa.select(uploads).where(
                uploads.c.ingest_id == ingest.ingest_id, uploads.c.path == new.path
            )
        ).one()
    if not row.size_bytes:
        with _turn(_part(workspace, row.upload_id)):
            return _finish(workspace, ingest, row)
    return _upload(row, _standing(workspace, row))


def find_upload(workspace: Workspace, upload_id: str) -> Upload:
    """An upload and how far it is.

    Raises:
        SteleError: 3425 there is none of this id.
    """
    row = _row(workspace, upload_id)
    return _upload(row, _standing(workspace, row))


def continue_upload(
    workspace: Workspace, ingest: Ingest, upload_id: str, offset: int, body: Body
) -> Upload:
    """Take more bytes, which begin at `offset`; with the last one the file is taken in.

    Raises:
        SteleError: 3424 it stands elsewhere, or somebody else goes on with it; 3415 the body has
            more bytes than are missing: nothing of it is kept; 3425; 3414; 5428.
        LandingError: 3412.
    """
    row = _row(workspace, upload_id)
    with _turn(_part(workspace, upload_id)) as turn:
        row = _row(workspace, upload_id)
        stands = _standing(workspace, row)
        if row.state != WAITING or offset != stands:
            message = f"the upload is {row.state} and stands at byte {stands:,}"
            raise SteleError(3424, f"{message}, not at {offset:,}")
        _check_fits(row, offset, body.size_bytes)
        try:
            stands = _receive(workspace, turn, row, offset, body)
        finally:
            now = _secure(workspace, turn, row)
        if stands < row.size_bytes:
            return _upload(row, now)
        return _finish(workspace, ingest, row)


def _check_fits(row: Any, offset: int, size_bytes: int | None) -> None:
    if size_bytes is not None and offset + size_bytes > row.size_bytes:
        missing = row.size_bytes - offset
        raise SteleError(3415, f"{missing:,} bytes are missing, and {size_bytes:,} come")


class _Turn:
    """The right to write one upload's file, until somebody else asks for it."""

    def __init__(self, part: Path, handle: int) -> None:
        self.handle = handle
        self._asking = part.with_suffix(".asking")
        self._seen = self._look()
        self.written = 0

    def is_wanted(self) -> bool:
        return self._look() != self._seen

    def _look(self) -> int:
        try:
            return self._asking.stat().st_mtime_ns
        except FileNotFoundError:
            return 0


@contextmanager
def _turn(part: Path) -> Iterator[_Turn]:
    """Raises SteleError 3424 when somebody else does not stop writing it."""
    try:
        part.parent.mkdir(exist_ok=True)
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LandingError(3412, f"uploads cannot be written: {error.strerror}") from error
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    message = "somebody else goes on with this upload"
                    raise SteleError(3424, message) from None
                part.with_suffix(".asking").touch()
                time.sleep(0.1)
        yield _Turn(part, handle)
    finally:
        os.close(handle)


def _receive(workspace: Workspace, turn: _Turn, row: Any, offset: int, body: Body) -> int:
    at = safe = offset
    # One byte more than is wanted shows that too much comes.
    while chunk := body.read(min(CHUNK_BYTES, row.size_bytes - at + 1)):
        if at + len(chunk) > row.size_bytes:
            turn.written = 0
            raise SteleError(3415, f"more than the {row.size_bytes:,} bytes of the file come")
        try:
            done = 0
            while done < len(chunk):
                done += os.pwrite(turn.handle, chunk[done:], at + done)
        except OSError as error:
            raise LandingError(3412, f"uploads cannot be written: {error.strerror}") from error
        at += len(chunk)
        turn.written = at
        if turn.is_wanted():
            raise SteleError(3424, "somebody else goes on with this upload")
        if at - safe >= SAFE_EVERY_BYTES:
            safe = _secure(workspace, turn, row)
    return at


def _secure(workspace: Workspace, turn: _Turn, row: Any) -> int:
    """Bring what was written to the disk, and say so in the store; gives the offset."""
    if not turn.written:
        return int(row.offset_bytes)
    try:
        os.fdatasync(turn.handle)
    except OSError as error:
        raise LandingError(3412, f"uploads cannot be written: {error.strerror}") from error
    with workspace.store.begin() as connection:
        connection.execute(
            uploads.update()
            .where(uploads.c.upload_id == row.upload_id, uploads.c.state == WAITING)
            .values(offset_bytes=turn.written, updated_at=datetime.now(UTC))
        )
    return turn.written


def _finish(workspace: Workspace, ingest: Ingest, row: Any) -> Upload:
    """Take the whole file in, under the lock; what it turns out to be counts."""
    part = _part(workspace, row.upload_id)
    place, path = ingest.arrangement.place(row.path)
    session = Session(workspace, ingest)
    try:
        session.tally.count(row.size_bytes)
        session.take(place, path, row.mtime_ns, _content(part, row.size_bytes), row.path)
        session.flush()
    finally:
        session.discard()
    refusal = next(iter(session.tally.refusals), None)
    state = REFUSED if refusal else DONE
    with workspace.store.begin() as connection:
        connection.execute(
            uploads.update()
            .where(uploads.c.upload_id == row.upload_id)
            .values(state=state, offset_bytes=row.size_bytes, updated_at=datetime.now(UTC))
        )
    _remove(part)
    offset = row.size_bytes
    return Upload(row.upload_id, row.ingest_id, row.path, offset, offset, state, refusal)


def _content(part: Path, size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    with part.open("rb") as file:
        while left:
            chunk = file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise LandingError(3412, "what there was of an upload is gone from the disk")
            left -= len(chunk)
            yield chunk


def _row(workspace: Workspace, upload_id: str) -> Any:
    with reading(workspace.store).connect() as connection:
        query = sa.select(uploads).where(uploads.c.upload_id == upload_id)
        row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(3425, f"there is no upload {upload_id!r}")
    return row


def _standing(workspace: Workspace, row: Any) -> int:
    """The next byte that is wanted: what the store says, if the file is there."""
    if row.state != WAITING:
        return int(row.size_bytes)
    try:
        there = _part(workspace, row.upload_id).stat().st_size
    except FileNotFoundError:
        return 0
    return min(there, int(row.offset_bytes))


def _upload(row: Any, offset: int) -> Upload:
    return Upload(row.upload_id, row.ingest_id, row.path, row.size_bytes, offset, row.state)


def _part(workspace: Workspace, upload_id: str) -> Path:
    return workspace.data / "uploads" / f"{upload_id}.part"


def _remove(part: Path) -> None:
    for file in (part, part.with_suffix(".asking")):
        with suppress(FileNotFoundError):
            file.unlink()


def _forget_old(workspace: Workspace) -> None:
    old = uploads.c.updated_at < datetime.now(UTC) - KEPT
    with reading(workspace.store).connect() as connection:
        ids = connection.scalars(sa.select(uploads.c.upload_id).where(old).limit(100)).all()
    if not ids:
        return
    for upload_id in ids:
        _remove(_part(workspace, upload_id))
    with workspace.store.begin() as connection:
        connection.execute(uploads.delete().where(uploads.c.upload_id.in_(ids), old))
