"""Contents on their way into an S3 store: objects under temporary keys, copied when committed."""

import logging
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from console.store.landing.base import Batch, Hashing, Landed, LandingError
from console.store.landing.s3_copy import copy_object
from console.store.landing.s3_upload import PART_BYTES, Upload

if TYPE_CHECKING:
    from console.store.landing.s3 import S3Landing

log = logging.getLogger(__name__)


class S3Batch(Batch):
    """Small contents are sent by threads while the next ones come."""

    def __init__(self, landing: "S3Landing") -> None:
        self._landing = landing
        self._uploads: dict[str, Upload] = {}
        self._doubles: list[Upload] = []
        self._staged: set[str] = set()
        self.size_bytes = 0

    def put(
        self, chunks: Iterable[bytes | memoryview], digests: Collection[str] = ("sha256",)
    ) -> Landed:
        self._tell_failure()
        hashing = Hashing(digests)
        upload = Upload(self._landing.sender, self._landing.new_temporary())
        try:
            for chunk in chunks:
                hashing.take(chunk)
                upload.write(chunk)
            upload.finish()
        except BaseException:
            upload.abort()
            raise
        landed = hashing.landed()
        if landed.sha256 in self._uploads:
            self._doubles.append(upload)
        else:
            self._uploads[landed.sha256] = upload
            self.size_bytes += landed.size_bytes
        return landed

    def stage(self, known: Collection[str] = ()) -> None:
        self._wait()
        for sha256, upload in self._uploads.items():
            is_large = upload.size_bytes > PART_BYTES
            if is_large and sha256 not in known and sha256 not in self._staged:
                self._copy(sha256, upload)
                self._staged.add(sha256)

    def commit(self, known: Collection[str] = ()) -> None:
        self._wait()
        appearing = {sha: upload for sha, upload in self._uploads.items() if sha not in known}
        large = {sha: one for sha, one in appearing.items() if one.size_bytes > PART_BYTES}
        copies = [
            self._landing.threads.submit(self._copy, sha256, upload, brisk=True)
            for sha256, upload in appearing.items()
            if sha256 not in large
        ]
        for copied in copies:
            copied.result()
        for sha256, upload in large.items():
            # A release may have come between staging and the caller's lock.
            if sha256 not in self._staged or self._is_gone(sha256, upload):
                self._copy(sha256, upload)
        self.discard()

    def discard(self) -> None:
        uploads = [*self._uploads.values(), *self._doubles]
        self._uploads, self._doubles, self._staged = {}, [], set()
        self.size_bytes = 0
        there = [upload.key for upload in uploads if _ended(upload)]
        try:
            self._landing.remove(there)
        except LandingError as error:
            log.warning("%d temporary objects are left to the next sweep: %s", len(there), error)

    def _copy(self, sha256: str, upload: Upload, *, brisk: bool = False) -> None:
        copy_object(
            self._landing.place,
            self._landing.threads,
            upload.key,
            self._landing.key(sha256),
            upload.size_bytes,
            brisk=brisk,
        )

    def _is_gone(self, sha256: str, upload: Upload) -> bool:
        found_bytes = self._landing.size_of(self._landing.key(sha256), brisk=True)
        return found_bytes != upload.size_bytes

    def _wait(self) -> None:
        for upload in self._uploads.values():
            upload.wait()

    def _tell_failure(self) -> None:
        """Stop reading soon after a content could not be sent. Raises LandingError."""
        for upload in self._uploads.values():
            if upload.has_failed():
                upload.wait()


def _ended(upload: Upload) -> bool:
    """Wait for an upload; whether there may be an object now."""
    try:
        upload.wait()
    except LandingError:
        return False
    return True
