"""A landing zone in a bucket of an S3 store.

    <prefix>ab/c/<sha256>     contents
    <prefix>incoming/…        contents on their way in

An object appears whole or not at all, and the store's 200 is its word that it is durable. Because
a content's name is known only at its end, it is sent under a temporary key and copied, within the
store, to its own: the bytes cross the network once. Nothing appears under a content's name before
`Batch.stage`, and `commit` makes sure of it under the caller's lock, so a release of the same
content never takes away what an ingest counts on.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

from console.store.ids import new_id
from console.store.landing.base import Batch, Landing, LandingError, Piece
from console.store.landing.s3_adoption import Adoptions
from console.store.landing.s3_ahead import read_ahead
from console.store.landing.s3_batch import S3Batch
from console.store.landing.s3_place import NoSuchKeyError, S3Place, server_time
from console.store.landing.s3_stream import S3Stream
from console.store.landing.s3_upload import Sender

log = logging.getLogger(__name__)

THREADS = 32
_STALE = timedelta(days=3)
"""What stands under a temporary key as long as this belongs to an ingest that was killed."""
_DELETE_AT_ONCE = 1_000


class S3Landing(Landing):
    """Contents as objects. Opening it asks nothing of the store."""

    def __init__(self, place: S3Place) -> None:
        self.place = place

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """Made when first used, so that a process that forks takes none with it."""
        return ThreadPoolExecutor(THREADS, "landing")

    @cached_property
    def sender(self) -> Sender:
        return Sender(self.place, self.threads)

    @cached_property
    def _adoptions(self) -> Adoptions:
        return Adoptions(self.sender)

    def batch(self) -> Batch:
        return S3Batch(self)

    def adopt(self, file: Path, sha256: str) -> None:
        self._adoptions.add(file, self.key(sha256))

    def sync(self) -> None:
        self._adoptions.settle()

    def open(self, sha256: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return cast(BinaryIO, S3Stream(self.place, self.key(sha256), sha256, start, end))

    def stream(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        return read_ahead(self.threads, pieces, self._stream)

    def size(self, sha256: str) -> int | None:
        return self.size_of(self.key(sha256))

    def size_of(self, key: str, *, brisk: bool = False) -> int | None:
        """The size of any object of the store, or None when there is none."""
        try:
            return int(self.place.call("head_object", brisk=brisk, Key=key)["ContentLength"])
        except NoSuchKeyError:
            return None

    def release_all(self, digests: Collection[str]) -> None:
        self.remove([self.key(sha256) for sha256 in digests])

    def remove(self, keys: list[str]) -> None:
        """Delete objects, a thousand with one request. Raises LandingError."""
        for start in range(0, len(keys), _DELETE_AT_ONCE):
            some = keys[start : start + _DELETE_AT_ONCE]
            if len(some) == 1:
                self.place.call("delete_object", brisk=True, Key=some[0])
                continue
            what = {"Objects": [{"Key": key} for key in some], "Quiet": True}
            answer = self.place.call("delete_objects", brisk=True, Delete=what)
            for failed in answer.get("Errors", ()):
                code = failed.get("Code", "")
                raise LandingError(3412, f"the S3 store does not delete {failed['Key']}: {code}")

    def sweep(self) -> int:
        return self._sweep_objects() + self._sweep_uploads()

    def key(self, sha256: str) -> str:
        return self.place.key(f"{sha256[:2]}/{sha256[2:3]}/{sha256}")

    def new_temporary(self) -> str:
        return self.place.key(f"incoming/{new_id('in')}")

    def _sweep_objects(self) -> int:
        removed = 0
        asked: dict[str, Any] = {"Prefix": self.place.key("incoming/")}
        while True:
            answer = self.place.call("list_objects_v2", **asked)
            stale = [one["Key"] for one in _stale(answer, "Contents", "LastModified")]
            self.remove(stale)
            removed += len(stale)
            if not answer.get("NextContinuationToken"):
                return removed
            asked["ContinuationToken"] = answer["NextContinuationToken"]

    def _sweep_uploads(self) -> int:
        answer = self.place.call("list_multipart_uploads", Prefix=self.place.key(""))
        stale = _stale(answer, "Uploads", "Initiated")
        for one in stale:
            try:
                self.place.call("abort_multipart_upload", Key=one["Key"], UploadId=one["UploadId"])
            except (NoSuchKeyError, LandingError) as error:  # somebody else swept it
                log.info("the upload of %s cannot be ended: %s", one["Key"], error)
        return len(stale)


def _stale(answer: Any, what: str, dated: str) -> list[Any]:
    oldest = server_time(answer) - _STALE
    return [one for one in answer.get(what, ()) if one[dated] < oldest]
