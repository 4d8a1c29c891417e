"""Bringing files back into a folder: what is at hand at once, the rest as media deliver it.

Every file is checked against its digest while it is written and appears only when it is whole. A
file that is there already and right is left alone, so that a restore can be run again; a download
that breaks off goes on where it stood.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.tool.destination import Destination
from console.client.client import Client, key
from console.client.transport import LostError
from console.client.watching import WorkerWatch
from console.restore.report import (
    RestoreFailure,
    RestoreOrder,
    RestoreProgress,
    RestoreReport,
    Tally,
)

POLL_S = 0.3
SMALL_BYTES = 1 << 20
TOGETHER = 500
TOGETHER_BYTES = 32 << 20
ASKED_TOGETHER = 10_000
ATTEMPTS = 8
_AWAY = (3401, 5426, 5481)
"""The console let go of the bytes meanwhile: media have them."""


class Folder(Struct, frozen=True, tag="folder"):
    place: str
    mtime_ns: int


class File(Struct, frozen=True, tag="file"):
    file_id: str
    place: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    at_hand: bool


class _Request(Struct):
    request_id: str
    files_ready: int
    files_failed: int


class _RequestFile(Struct):
    file_id: str
    state: str
    error_code: int | None


def restore(
    client: Client,
    order: RestoreOrder,
    progress: Callable[[RestoreProgress], None] = lambda _: None,
) -> RestoreReport:
    """Bring files back; returns when each is written, was there, or failed.

    Raises:
        SteleError: 5412 nothing of it is archived; 5410 no worker runs, 5411 nothing came in time,
            5415 the console is away: what was written stays, and running it again goes on.
        VolumeError: 3109 the destination cannot be made.
    """
    selection = order.selection
    choice: dict[str, Any] = {
        "fonds": selection.fonds,
        "series": selection.series,
        "dossier": selection.dossier,
        "names": list(selection.names),
    }
    kind: Any = Folder | File
    found: list[Any] = list(client.lines("POST", "/selections", kind, choice))
    folders: list[Folder] = [one for one in found if isinstance(one, Folder)]
    files: list[File] = [one for one in found if isinstance(one, File)]
    with Destination(order.to, overwrite=order.overwrite) as destination:
        return _Restore(client, order, destination, progress).run(folders, files)


class _Restore:
    def __init__(
        self,
        client: Client,
        order: RestoreOrder,
        destination: Destination,
        progress: Callable[[RestoreProgress], None],
    ) -> None:
        self._client = client
        self._order = order
        self._destination = destination
        self._progress = progress
        self._requests: list[str] = []
        self._tally = Tally()

    def run(self, folders: list[Folder], files: list[File]) -> RestoreReport:
        self._tally = Tally(len(files), sum(file.size_bytes for file in files))
        for folder in folders:
            if folder.place:
                self._destination.make_folder(folder.place)
        missing = [file for file in files if not self._is_there(file)]
        if not self._order.reads_media:
            at_hand = [file for file in missing if file.at_hand]
            away = [file for file in missing if not file.at_hand]
            missing = away + self._download(at_hand, "landing zone")
        self._fetch(missing)
        self._set_folder_times(folders)
        return self._tally.report(self._requests[0] if self._requests else None)

    def _is_there(self, file: File) -> bool:
        """Whether the destination holds the right file already; a wrong one is in the way."""
        try:
            found = self._destination.sha256_of(file.place)
        except VolumeError as error:
            self._fail(file, error)
            return True
        if found is not None and found.hex() == file.sha256:
            self._tally.files_there += 1
            self._report(file, "there already")
            return True
        return False

    def _download(self, files: Iterable[File], stage: str) -> list[File]:
        """Write files that the console holds; gives those that it let go of meanwhile."""
        away: list[File] = []
        some: list[File] = []
        for file in files:
            if file.size_bytes > SMALL_BYTES:
                away += self._download_one(file, stage)
                continue
            some.append(file)
            if len(some) >= TOGETHER or sum(one.size_bytes for one in some) >= TOGETHER_BYTES:
                away += self._download_together(some, stage)
                some = []
        return away + self._download_together(some, stage)

    def _download_together(self, some: list[File], stage: str) -> list[File]:
        """Small files in one stream; one by one from where it breaks off."""
        left = list(some)
        try:
            if len(left) > 1:
                body = {"files": [file.file_id for file in left]}
                content_of = msgspec.json.encode(body)
                with self._client.open(
                    "POST", "/selections/contents", content=content_of, media="application/json"
                ) as answer:
                    source = _Reader(answer.chunks())
                    while left:
                        content = source.exactly(left[0].size_bytes)
                        if content is None:
                            break
                        if hashlib.sha256(content).hexdigest() != left[0].sha256:
                            break
                        self._write(left.pop(0), iter([content]), stage)
        except SteleError as error:
            if not isinstance(error, LostError) and error.code not in (*_AWAY, 5413):
                raise
        away: list[File] = []
        for file in left:
            away += self._download_one(file, stage)
        return away

    def _download_one(self, file: File, stage: str) -> list[File]:
        """One file, going on where the connection broke; itself when the console has let go."""
        try:
            self._destination_write(file, self._counted(self._content(file), file, stage))
        except (SteleError, VolumeError) as error:
            if isinstance(error, SteleError) and error.code in _AWAY and stage == "landing zone":
                return [file]
            if isinstance(error, LostError):
                raise
            self._fail(file, error)
        else:
            self._written(file, stage)
        return []

    def _content(self, file: File) -> Iterator[bytes]:
        """The bytes as they come, and an error at their end when they are not what they were."""
        path, at, failures = f"/files/{key(file.file_id)}/content", 0, 0
        digest = hashlib.sha256()
        while at < file.size_bytes or not file.size_bytes:
            begun = at
            headers = {"Range": f"bytes={at}-", "If-Range": f'"{file.sha256}"'} if at else {}
            try:
                with self._client.open("GET", path, headers=headers) as answer:
                    if at and answer.status != 206:
                        raise SteleError(5413, "its content has changed meanwhile")
                    for chunk in answer.chunks():
                        digest.update(chunk)
                        at += len(chunk)
                        yield chunk
            except LostError:
                failures = 0 if at > begun else failures + 1
                if failures > ATTEMPTS:
                    raise
            else:
                # A server ends a content short that turned out to be damaged.
                break
        if at != file.size_bytes or digest.hexdigest() != file.sha256:
            raise SteleError(5413, "its content no longer has the digest that was archived")

    def _counted(self, chunks: Iterator[bytes], file: File, stage: str) -> Iterator[bytes]:
        """Show how a large file comes back."""
        done = 0
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if done < file.size_bytes:
                self._progress(self._tally.progress(stage, done))

    def _destination_write(self, file: File, chunks: Iterator[bytes]) -> None:
        self._destination.write_file(file.place, chunks, file.mtime_ns)

    def _write(self, file: File, chunks: Iterator[bytes], stage: str) -> None:
        try:
            self._destination_write(file, chunks)
        except VolumeError as error:
            self._fail(file, error)
        else:
            self._written(file, stage)

    def _written(self, file: File, stage: str) -> None:
        self._tally.files_written += 1
        self._tally.bytes_written += file.size_bytes
        self._report(file, stage)

    def _fail(self, file: File, error: SteleError | VolumeError) -> None:
        self._tally.fail(RestoreFailure(file.place, error.code, error.message))
        self._report(file, "failed")

    def _report(self, file: File, stage: str) -> None:
        self._tally.bytes_done += file.size_bytes
        self._progress(self._tally.progress(stage))

    def _fetch(self, files: list[File]) -> None:
        """Ask for files that are on media, and write each as soon as it was delivered."""
        waiting = {file.file_id: file for file in files}
        settled: dict[str, int] = {}
        for start in range(0, len(files), ASKED_TOGETHER):
            request = self._ask(files[start : start + ASKED_TOGETHER])
            settled[request.request_id] = 0
        self._requests = list(settled)
        watch = WorkerWatch(self._client, self._order.wait_s)
        while waiting:
            for request_id in settled:
                self._take_news(request_id, settled, waiting)
            if waiting:
                self._progress(self._tally.progress("waiting for the discs"))
                watch.check(len(waiting))
                time.sleep(POLL_S)

    def _ask(self, files: list[File]) -> _Request:
        order = self._order
        body = {
            "names": [file.file_id for file in files],
            "text": order.selection.text[:1000],
            "from_media": order.reads_media,
            "medium_kind": order.medium_kind,
        }
        return self._client.ask("POST", "/requests", _Request, body=body)

    def _take_news(
        self, request_id: str, settled: dict[str, int], waiting: dict[str, File]
    ) -> None:
        path = f"/requests/{key(request_id)}"
        now = self._client.ask("GET", path, _Request)
        if now.files_ready + now.files_failed == settled[request_id]:
            return
        ready = []
        for state in ("ready", "failed"):
            for news in self._client.pages(f"{path}/files", _RequestFile, {"state": state}):
                file = waiting.pop(news.file_id, None)
                if file is not None and state == "ready":
                    ready.append(file)
                elif file is not None:
                    code = news.error_code or 5300
                    self._fail(file, SteleError(code, "no disc could deliver it"))
        self._download(ready, "delivered")
        settled[request_id] = now.files_ready + now.files_failed

    def _set_folder_times(self, folders: list[Folder]) -> None:
        """Inner folders first: writing into a folder changes its time."""
        for folder in sorted(folders, key=lambda one: -one.place.count("/") - bool(one.place)):
            if folder.place:
                self._destination.set_folder_mtime(folder.place, folder.mtime_ns)
            else:
                os.utime(self._order.to, ns=(folder.mtime_ns, folder.mtime_ns))


class _Reader:
    """Pieces of a stream by their sizes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = bytearray()

    def exactly(self, size: int) -> bytes | None:
        """None when the stream ends before."""
        while len(self._rest) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                return None
            self._rest += chunk
        found = bytes(self._rest[:size])
        del self._rest[:size]
        return found
