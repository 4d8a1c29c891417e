"""One content on its way into an S3 store, under a temporary key, in bounded memory.

Its digest, and with it its name, is known when its last byte has come. What fits one part is sent
whole then, by a thread; a larger one is sent in parts while it comes.
"""

import logging
import threading
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

from console.store.landing.base import LandingError
from console.store.landing.s3_place import TOO_LARGE, NoSuchKeyError, S3Place

log = logging.getLogger(__name__)

PART_BYTES = 8 << 20
"""The smallest part, and the largest content that is sent with one request."""
_LARGE_PART_BYTES = 32 << 20
_SMALL_PARTS = 2_000
_PARTS_MAX = 10_000
"""S3 takes no more: 266 GiB this way, and no disc holds a file of more than 234 GiB."""
WINDOW_BYTES = 64 << 20


class Window:
    """Bytes that are being sent; who wants to send more waits."""

    def __init__(self, limit_bytes: int = WINDOW_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._changed = threading.Condition()
        self.peak_bytes = 0

    def enter(self, size_bytes: int) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: not self._held_bytes or self._held_bytes + size_bytes <= self._limit_bytes
            )
            self._held_bytes += size_bytes
            self.peak_bytes = max(self.peak_bytes, self._held_bytes)

    def leave(self, size_bytes: int) -> None:
        with self._changed:
            self._held_bytes -= size_bytes
            self._changed.notify_all()


class Sender:
    """What all uploads of a landing zone share: the store, the threads, the window."""

    def __init__(self, place: S3Place, threads: Executor) -> None:
        self.place = place
        self.threads = threads
        self.window = Window()

    def send(self, operation: str, body: bytes, **parameters: Any) -> "Future[Any]":
        """Send bytes by a thread, as soon as the window has room for them."""
        self.window.enter(len(body))
        try:
            sent = self.threads.submit(
                self.place.call, operation, Body=body, ContentLength=len(body), **parameters
            )
        except BaseException:
            self.window.leave(len(body))
            raise
        sent.add_done_callback(lambda _: self.window.leave(len(body)))
        return sent


class Upload:
    """The object under one key, until `wait` says that it is there."""

    def __init__(self, sender: Sender, key: str) -> None:
        self.key = key
        self._sender = sender
        self._buffer = bytearray()
        self._upload_id = ""
        self._parts: list[Future[Any]] = []
        self._whole: Future[Any] | None = None
        self.size_bytes = 0

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes. Raises LandingError."""
        self._buffer += chunk
        self.size_bytes += len(chunk)
        # A content of exactly one part is not large: it is sent whole.
        while len(self._buffer) > self._part_bytes:
            self._send_part(self._part_bytes)

    def finish(self) -> None:
        """All bytes have come. A large content is there when this returns. Raises LandingError."""
        if not self._upload_id:
            self._whole = self._sender.send("put_object", bytes(self._buffer), Key=self.key)
            self._buffer.clear()
            return
        if self._buffer:
            self._send_part(len(self._buffer))
        parts = [
            {"PartNumber": place, "ETag": part.result()["ETag"]}
            for place, part in enumerate(self._parts, 1)
        ]
        self._sender.place.call(
            "complete_multipart_upload",
            Key=self.key,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": parts},
        )
        self._upload_id = ""

    def wait(self) -> None:
        """Return when the object is there. Raises LandingError."""
        if self._whole is not None:
            self._whole.result()

    def has_failed(self) -> bool:
        """Whether waiting for it would raise at once."""
        whole = self._whole
        return whole is not None and whole.done() and whole.exception() is not None

    def abort(self) -> None:
        """Leave no parts behind, if the store can be reached; `Landing.sweep` finds the rest."""
        for part in self._parts:
            part.cancel()
        for part in self._parts:
            with suppress(BaseException):
                part.result()
        if self._upload_id:
            try:
                self._sender.place.call(
                    "abort_multipart_upload", brisk=True, Key=self.key, UploadId=self._upload_id
                )
            except (LandingError, NoSuchKeyError) as error:
                log.warning("the upload of %s is left to the next sweep: %s", self.key, error)
            self._upload_id = ""

    @property
    def _part_bytes(self) -> int:
        return PART_BYTES if len(self._parts) < _SMALL_PARTS else _LARGE_PART_BYTES

    def _send_part(self, size_bytes: int) -> None:
        if len(self._parts) >= _PARTS_MAX:
            message = f"a file of more than {self.size_bytes} bytes does not fit an S3 landing zone"
            raise LandingError(TOO_LARGE, message)
        if not self._upload_id:
            answer = self._sender.place.call("create_multipart_upload", Key=self.key)
            self._upload_id = str(answer["UploadId"])
        body = bytes(memoryview(self._buffer)[:size_bytes])
        del self._buffer[:size_bytes]
        for part in self._parts[-32:]:
            if part.done():
                part.result()  # raises what went wrong, before more is read
        self._parts.append(
            self._sender.send(
                "upload_part",
                body,
                Key=self.key,
                UploadId=self._upload_id,
                PartNumber=len(self._parts) + 1,
            )
        )
