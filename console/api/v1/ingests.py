"""/api/v1/ingests: bringing files in."""

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from appliance.contract.errors import SteleError, info_of
from appliance.volume.names import bytes_from_text
from console.access.scopes import LOCAL
from console.api.rest import (
    Call,
    Incoming,
    Key,
    Lines,
    Order,
    Page,
    PageQuery,
    Resource,
    Rows,
    Scope,
    page_of,
)
from console.ingest.completion import complete_ingest
from console.ingest.contents import take_tar
from console.ingest.intake import take_folder
from console.ingest.listing import (
    Listed,
    ListingAnswer,
    Told,
    take_descriptions,
    take_listing,
    take_manifest,
)
from console.ingest.orders import Ingest, NewIngest, begin_ingest, find_ingest
from console.ingest.refusals import Refusal
from console.ingest.report import IngestProgress, IngestReport, Tally, read_report
from console.ingest.uploads import (
    NewUpload,
    Upload,
    begin_upload,
    continue_upload,
    find_upload,
)
from console.store.schema import ingests as table
from console.store.states import IngestState

ingests = Resource("ingests", "Ingests: files on their way in, from announcement to report.")

TAR = "application/x-tar"
_ANY_BYTES = ("application/octet-stream", "application/x-www-form-urlencoded", "")
"""What curl says of a body unless it is told otherwise."""
_STANDING = (3414, 5412)


class IngestQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: IngestState | None = None
    namespace: Key | None = None


class IngestRow(Struct, frozen=True):
    """An ingest and how far it is. `failed` means broken off: it can go on."""

    ingest_id: str
    namespace: str
    fonds: str
    series: str
    dossier: str | None
    source: str
    state: str
    created_by: str
    started_at: datetime
    ended_at: datetime | None
    files_done: int
    files_total: int | None
    bytes_done: int
    bytes_total: int | None
    files_taken: int
    bytes_taken: int
    files_known: int
    files_refused: int
    error_code: int | None
    error_message: str | None


class ContentsAnswer(Struct, frozen=True):
    """What became of the files in a stream; `refusals` holds the first 1,000."""

    files_taken: int
    bytes_taken: int
    files_known: int
    files_refused: int
    refusals: list[Refusal]


class Noted(Struct, frozen=True):
    """So much was noted."""

    count: int


class ManifestQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    strip: Annotated[str, Meta(max_length=1024)] = ""
    """What stands before each path and is not part of it, such as ``data/``."""


class FolderOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A folder on the console's machine, absolute, in name text."""

    folder: Annotated[str, Meta(min_length=1, max_length=32_768)]
    reread: bool = False


class FolderNews(Struct, frozen=True, omit_defaults=True):
    """How far it is; the last line has `done` or `error`."""

    progress: IngestProgress | None = None
    done: bool = False
    error: dict[str, Any] | None = None


@ingests.get("/ingests", scope=(Scope.READ, Scope.INGEST), errors=(5429,), namespaced=True)
def list_ingests(call: Call, query: IngestQuery) -> Page[IngestRow]:
    """List ingests, newest first."""
    rows = sa.select(table).where(call.own(table.c.namespace))
    for name in ("state", "namespace"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    with call.reading() as connection:
        return page_of(connection, rows, [Order(table.c.ingest_id, True)], query, _show)


@ingests.post(
    "/ingests",
    scope=Scope.INGEST,
    status=201,
    errors=(3411, 3412, 5203, 5204, 5221, 5224),
    namespaced=True,
)
def open_ingest(call: Call, body: NewIngest) -> IngestRow:
    """Begin an ingest.

    Then say what there is (listing, manifest, descriptions, each if you like), send contents, and
    complete it. Until then nothing of it is planned. What a dossier has already is recognised by
    fonds, series, dossier, path and digest, so an ingest may be done again at any time.
    """
    call.principal.needs_namespace(body.namespace)
    begun = begin_ingest(call.workspace, body, call.who)
    return _row(call, begun.ingest_id)


@ingests.get(
    "/ingests/{ingest_id}", scope=(Scope.READ, Scope.INGEST), errors=(5412,), namespaced=True
)
def show_one_ingest(call: Call, ingest_id: Key) -> IngestRow:
    """Show how far an ingest is."""
    return _row(call, ingest_id)


@ingests.get(
    "/ingests/{ingest_id}/report",
    scope=(Scope.READ, Scope.INGEST),
    errors=(5412,),
    namespaced=True,
)
def show_report(call: Call, ingest_id: Key) -> IngestReport:
    """Show what became of an ingest; what it left out in full is under /refusals."""
    _row(call, ingest_id)
    with call.reading() as connection:
        return read_report(connection, ingest_id)


@ingests.post(
    "/ingests/{ingest_id}/listing",
    scope=Scope.INGEST,
    errors=(*_STANDING, 3422),
    namespaced=True,
    max_body_bytes=None,
)
def send_listing(call: Call, ingest_id: Key, body: Lines[Listed]) -> ListingAnswer:
    """Say which files there are, one a line; the answer says which of them to send.

    Those that the archive has already need not be sent again. Those that are wanted are expected:
    one that has not come when the ingest ends is refused by name (3418).
    """
    ingest = _going_on(call, ingest_id)
    return take_listing(call.workspace, ingest, body, _most(call))


@ingests.post(
    "/ingests/{ingest_id}/manifest",
    scope=Scope.INGEST,
    errors=(*_STANDING, 3422, 3427),
    namespaced=True,
    body_media="text/plain",
    also_media=_ANY_BYTES,
    max_body_bytes=None,
)
def send_manifest(call: Call, ingest_id: Key, query: ManifestQuery, body: Incoming) -> Noted:
    """Give the sender's digests: lines of a SHA-256 digest and a path (BagIt, sha256sum).

    A file that comes otherwise is refused (3413), and so is one that does not come (3418).
    """
    ingest = _going_on(call, ingest_id)
    found = take_manifest(call.workspace, ingest, body.chunks(), query.strip, _most(call))
    return Noted(found)


@ingests.post(
    "/ingests/{ingest_id}/descriptions",
    scope=Scope.INGEST,
    errors=(*_STANDING, 3422, 3428, 5226),
    namespaced=True,
    max_body_bytes=None,
)
def send_descriptions(call: Call, ingest_id: Key, body: Lines[Told]) -> Noted:
    """Describe dossiers and files, one a line.

    Year and retention are a dossier's. What is said of something that is not there when the
    ingest ends is refused by name (3419).
    """
    ingest = _going_on(call, ingest_id)
    return Noted(take_descriptions(call.workspace, ingest, body, _most(call)))


@ingests.post(
    "/ingests/{ingest_id}/contents",
    scope=Scope.INGEST,
    errors=(*_STANDING, 3412, 3420, 3421, 3422),
    namespaced=True,
    body_media=TAR,
    also_media=_ANY_BYTES,
    max_body_bytes=None,
)
def send_contents(call: Call, ingest_id: Key, body: Incoming) -> ContentsAnswer:
    """Send many files in one stream, a tar archive (pax, ustar or GNU).

    Names stand below the source's root. What came whole stays when the stream breaks off; links
    and devices are refused one by one.
    """
    ingest = _going_on(call, ingest_id)
    return _contents(take_tar(call.workspace, ingest, _Careful(body).read))


@ingests.post(
    "/ingests/{ingest_id}/uploads",
    scope=Scope.INGEST,
    status=201,
    errors=(*_STANDING, 3404, 3408, 3409, 3411, 3412, 3416, 3424),
    namespaced=True,
    answer_headers={"Upload-Offset": "The next byte that is wanted."},
)
def open_upload(call: Call, ingest_id: Key, body: NewUpload) -> Upload:
    """Announce a large file that comes by itself; the same again gives the same upload."""
    return _said(call, begin_upload(call.workspace, _going_on(call, ingest_id), body))


@ingests.get(
    "/uploads/{upload_id}",
    scope=Scope.INGEST,
    errors=(3425, 5412),
    namespaced=True,
    answer_headers={"Upload-Offset": "The next byte that is wanted."},
)
def show_upload(call: Call, upload_id: Key) -> Upload:
    """Show how far an upload is; HEAD gives the offset alone."""
    found = find_upload(call.workspace, upload_id)
    _row(call, found.ingest_id)
    return _said(call, found)


@ingests.patch(
    "/uploads/{upload_id}",
    scope=Scope.INGEST,
    errors=(3412, 3414, 3415, 3424, 3425, 5412),
    namespaced=True,
    also_media=_ANY_BYTES,
    max_body_bytes=None,
    answer_headers={"Upload-Offset": "The next byte that is wanted."},
)
def send_upload(call: Call, upload_id: Key, body: Incoming) -> Upload:
    """Send more of a file, from the byte that the header `Upload-Offset` names.

    With the last byte the file is taken in, or refused: `state` is done or refused then. After a
    connection broke, ask for the offset and go on from there.
    """
    found = find_upload(call.workspace, upload_id)
    ingest = _going_on(call, found.ingest_id)
    told = call.headers.get("Upload-Offset", "")
    if not (told.isascii() and told.isdigit() and len(told) < 20):
        raise SteleError(3424, f"no Upload-Offset was said; it stands at {found.offset_bytes}")
    careful = _Careful(body)
    return _said(call, continue_upload(call.workspace, ingest, upload_id, int(told), careful))


@ingests.post(
    "/ingests/{ingest_id}/complete",
    scope=Scope.INGEST,
    errors=_STANDING,
    namespaced=True,
)
def end_ingest(call: Call, ingest_id: Key) -> IngestReport:
    """End an ingest: its dossiers can be planned now. Doing it twice changes nothing."""
    row = _row(call, ingest_id)
    if row.state in (IngestState.DONE, IngestState.PARTLY):
        with call.reading() as connection:
            return read_report(connection, ingest_id)
    return complete_ingest(call.workspace, find_ingest(call.workspace, ingest_id))


@ingests.post(
    "/ingests/{ingest_id}/folder",
    scope=Scope.INGEST,
    errors=(*_STANDING, 3410, 3411, 3426),
)
def take_in_folder(call: Call, ingest_id: Key, body: FolderOrder) -> Rows[FolderNews]:
    """Take in a folder that lies on the console's own machine.

    Only for whoever holds the data folder's own token, because it reads whatever the console may.
    The answer says how far it is, line by line; when nobody listens any more, it breaks off.
    """
    if call.principal.who != LOCAL or call.principal.token_id is not None:
        raise SteleError(3426, "only a command on the console's own machine may name a folder")
    ingest = _going_on(call, ingest_id)
    folder = Path(bytes_from_text(body.folder).decode("utf-8", "surrogateescape"))
    if not folder.is_absolute():
        raise SteleError(3410, "the folder must be named from the root of the machine")
    return Rows(_follow(call, ingest, folder, reread=body.reread))


class _BrokenOffError(Exception):
    """Nobody listens any more."""


def _follow(call: Call, ingest: Ingest, folder: Path, *, reread: bool) -> Iterator[FolderNews]:
    """Work in a thread of its own, and tell of it now and then."""
    gone = threading.Event()
    newest: list[IngestProgress] = []

    def progress(now: IngestProgress) -> None:
        if gone.is_set():
            raise _BrokenOffError
        newest[:] = [now]

    result: list[FolderNews] = []

    def work() -> None:
        try:
            take_folder(call.workspace, ingest, folder, reread=reread, progress=progress)
            result.append(FolderNews(done=True))
        except _BrokenOffError:
            pass
        except Exception as error:  # noqa: BLE001 - the boundary of the job: told to the caller
            info = info_of(error)
            said = {"code": info.code, "message": info.message}
            result.append(FolderNews(error=said))

    thread = threading.Thread(target=work, name=f"ingest {ingest.ingest_id}", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_NEWS_EVERY_S)
            if newest:
                yield FolderNews(progress=newest[-1])
        yield from result
    finally:
        gone.set()
        thread.join()


_NEWS_EVERY_S = 0.2


class _Careful:
    """A body whose end may come too early."""

    def __init__(self, body: Incoming) -> None:
        self._body = body
        self.size_bytes = body.size_bytes

    def read(self, size: int) -> bytes:
        """Raises SteleError 5428 the rest did not come."""
        try:
            return self._body.read(size)
        except RequestEntityTooLarge:
            raise
        except HTTPException as error:
            raise SteleError(5428, "the rest of the body did not come") from error


def _most(call: Call) -> int:
    return call.workspace.config.ingest.files_at_once


def _row(call: Call, ingest_id: str) -> IngestRow:
    """Raises SteleError 5412."""
    query = sa.select(table).where(table.c.ingest_id == ingest_id, call.own(table.c.namespace))
    with call.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(5412, f"there was no ingest {ingest_id!r}")
    return _show(row)


def _going_on(call: Call, ingest_id: str) -> Ingest:
    """Raises SteleError 5412, 3414."""
    _row(call, ingest_id)
    return find_ingest(call.workspace, ingest_id)


def _said(call: Call, found: Upload) -> Upload:
    call.answer_headers["Upload-Offset"] = str(found.offset_bytes)
    return found


def _contents(tally: Tally) -> ContentsAnswer:
    return ContentsAnswer(
        tally.files_taken,
        tally.bytes_taken,
        tally.files_known,
        tally.files_refused,
        tally.refusals,
    )


def _show(row: Any) -> IngestRow:
    values = row._mapping
    return IngestRow(**{name: values[name] for name in IngestRow.__struct_fields__})
