"""A folder of this machine into a console elsewhere: listed, then only what is wanted is sent.

Small files go together in one stream, each large one by an upload that goes on where it broke
off. When a connection breaks, the list is sent again and says what is still wanted.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.tool.folder import FoundFile, FoundFolder, LeftOut, SourceFolder
from console.client import tar_out
from console.client.client import Client, key
from console.client.transport import LostError
from console.ingest.listing import Listed, ListingAnswer
from console.ingest.reasons import code_of, why_left_out
from console.ingest.refusals import Refusal
from console.ingest.uploads import NewUpload, Upload

LISTED_TOGETHER = 5_000
LARGE_BYTES = 32 << 20
PART_BYTES = 256 << 20
ATTEMPTS = 8
"""So often a connection may break without anything coming through in between."""
_PIECE_BYTES = 1 << 20

Show = Callable[[int, int, int, int, str], None]


class _Contents(Struct):
    files_taken: int
    bytes_taken: int


class Sender:
    """Sends what a folder holds. `left_out` has what this side could not read or take."""

    def __init__(
        self,
        client: Client,
        ingest_id: str,
        source: Path,
        show: Show,
        *,
        digests: Mapping[str, str] | None = None,
        reread: bool = False,
    ) -> None:
        self._client = client
        self._path = f"/ingests/{key(ingest_id)}"
        self._source = source
        self._show = show
        self._digests = digests or {}
        self._reread = reread
        self._files = self._bytes = self._files_total = self._bytes_total = 0
        self.left_out: list[Refusal] = []

    def send(self) -> None:
        """Return when everything is there, known, or refused.

        Raises:
            SteleError: what the console says; 5415 it is away for longer than is borne.
            VolumeError: 3007 the folder cannot be read.
        """
        self._count()
        with SourceFolder(self._source) as source, SourceFolder(self._source) as contents:
            found = source.scan()
            while some := list(islice(found, LISTED_TOGETHER)):
                self._send_some(contents, some)

    def _count(self) -> None:
        with SourceFolder(self._source) as source:
            for found in source.scan():
                if isinstance(found, FoundFile):
                    self._files_total += 1
                    self._bytes_total += found.size_bytes

    def _send_some(
        self, source: SourceFolder, some: list[FoundFile | FoundFolder | LeftOut]
    ) -> None:
        files = {one.path: one for one in some if isinstance(one, FoundFile)}
        folders = [one for one in some if isinstance(one, FoundFolder)]
        for one in some:
            if isinstance(one, LeftOut):
                self.left_out.append(Refusal(one.path, *why_left_out(one)))
        listing = [self._listed(source, one) for one in files.values()]
        wanted = self._ask(listing)
        self._note(files, set(files) - set(wanted))
        failures = 0
        while wanted or folders:
            before = len(wanted)
            try:
                self._send_wanted(source, [files[path] for path in wanted], folders)
                return
            except LostError:
                # What came through is not wanted any more.
                time.sleep(min(4.0, 0.2 * 2**failures))
                wanted = self._ask([one for one in listing if one.path in set(wanted)])
                failures = 0 if len(wanted) < before else failures + 1
                if failures > ATTEMPTS:
                    raise

    def _listed(self, source: SourceFolder, found: FoundFile) -> Listed:
        sha256 = self._digests.get(found.path)
        if sha256 is None and self._reread:
            digest = hashlib.sha256()
            try:
                with source.open(found) as file:
                    for chunk in file.chunks():
                        digest.update(chunk)
                sha256 = digest.hexdigest()
            except VolumeError:
                sha256 = None  # It will be refused when it is to be sent.
        return Listed(found.path, found.size_bytes, found.mtime_ns, sha256)

    def _ask(self, listing: list[Listed]) -> list[str]:
        if not listing:
            return []
        return self._client.send_lines(f"{self._path}/listing", ListingAnswer, listing).wanted

    def _send_wanted(
        self, source: SourceFolder, wanted: list[FoundFile], folders: list[FoundFolder]
    ) -> None:
        small = [one for one in wanted if one.size_bytes < LARGE_BYTES]
        if small or folders:
            stream = tar_out.blocks(self._tar(source, small, folders), _PIECE_BYTES)
            self._client.send(
                "POST", f"{self._path}/contents", _Contents, stream, "application/x-tar"
            )
            folders.clear()
        for one in wanted:
            if one.size_bytes >= LARGE_BYTES:
                self._send_large(source, one)

    def _tar(
        self, source: SourceFolder, files: list[FoundFile], folders: list[FoundFolder]
    ) -> Iterator[bytes]:
        for place in folders:
            yield tar_out.folder(place.path, place.mtime_ns)
        for found in files:
            try:
                content = _read(source, found)
            except VolumeError as error:
                self.left_out.append(Refusal(found.path, code_of(error), error.message))
                continue
            yield tar_out.member(found.path, found.size_bytes, found.mtime_ns)
            yield content
            yield tar_out.padding(found.size_bytes)
            self._note({found.path: found}, {found.path})
        yield tar_out.END

    def _send_large(self, source: SourceFolder, found: FoundFile) -> None:
        new = NewUpload(found.path, found.size_bytes, found.mtime_ns, self._digests.get(found.path))
        path = f"{self._path}/uploads"
        upload = self._client.ask("POST", path, Upload, body=new, repeatable=True)
        try:
            self._continue(source, found, upload)
        except VolumeError as error:
            self.left_out.append(Refusal(found.path, code_of(error), error.message))
        self._note({found.path: found}, {found.path})

    def _continue(self, source: SourceFolder, found: FoundFile, upload: Upload) -> None:
        path, failures, stood = f"/uploads/{key(upload.upload_id)}", 0, upload.offset_bytes
        while upload.state == "waiting":
            part = _pieces(source, found, upload.offset_bytes, self._progress(found))
            headers = {"Upload-Offset": str(upload.offset_bytes)}
            try:
                media = "application/octet-stream"
                upload = self._client.send("PATCH", path, Upload, part, media, headers=headers)
            except SteleError as error:
                if not isinstance(error, LostError) and error.code != 3424:
                    raise
                time.sleep(min(4.0, 0.2 * 2**failures))
                upload = self._client.ask("GET", path, Upload)
                failures = 0 if upload.offset_bytes > stood else failures + 1
                if failures > ATTEMPTS:
                    raise
            stood = upload.offset_bytes

    def _progress(self, found: FoundFile) -> Callable[[int], None]:
        def show(done: int) -> None:
            self._show(
                self._bytes + done, self._bytes_total, self._files, self._files_total, found.path
            )

        return show

    def _note(self, files: Mapping[str, FoundFile], done: set[str]) -> None:
        for path in done:
            self._files += 1
            self._bytes += files[path].size_bytes
            self._show(self._bytes, self._bytes_total, self._files, self._files_total, path)


def _read(source: SourceFolder, found: FoundFile) -> bytes:
    """A small file whole, so that one that changes meanwhile spoils no stream."""
    with source.open(found) as file:
        return b"".join(bytes(chunk) for chunk in file.chunks())


def _pieces(
    source: SourceFolder, found: FoundFile, offset: int, show: Callable[[int], None]
) -> Iterator[bytes]:
    """A part of a large file; raises VolumeError 3006 when it has changed."""
    end = min(found.size_bytes, offset + PART_BYTES)
    at = 0
    with source.open(found) as file:
        for chunk in file.chunks():
            begin, at = at, at + len(chunk)
            if at > offset:
                yield bytes(chunk[max(0, offset - begin) : end - begin])
                show(min(at, end))
            if at >= end and end < found.size_bytes:
                return
