"""Reading a content of an S3 store: one request for all that is read in a row.

A connection that breaks off is made anew at the byte where it stood.
"""

import io
import time
from typing import Any

import botocore.exceptions

from console.store.landing.base import LandingError, MissingContentError
from console.store.landing.s3_place import UNREACHABLE, NoSuchKeyError, PastEndError, S3Place

_TRIES = 6
_FIRST_PAUSE_S = 0.1


class S3Stream(io.RawIOBase):
    """A content from `start` to its end, or to before `end` if that is known."""

    def __init__(self, place: S3Place, key: str, sha256: str, start: int, end: int | None) -> None:
        """Raises MissingContentError, LandingError."""
        self._place, self._key, self._sha256 = place, key, sha256
        self._at = start
        self._end = end
        self._body: Any = None
        self._size_bytes = self._open()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        if origin + offset != self._at:
            self._drop()
            self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        chunk = self._read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        return self._read(size)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, size: int) -> bytes:
        end = self._size_bytes if self._end is None else min(self._end, self._size_bytes)
        wanted = min(size, end - self._at)
        if wanted <= 0:
            return b""
        for attempt in range(_TRIES):
            chunk = self._try_read(wanted)
            if chunk:
                self._at += len(chunk)
                return chunk
            self._drop()
            time.sleep(_FIRST_PAUSE_S * 2**attempt)
        message = f"the S3 store breaks off reading {self._sha256} at byte {self._at}"
        raise LandingError(UNREACHABLE, message)

    def _try_read(self, size: int) -> bytes:
        """Nothing when the connection broke."""
        if self._body is None:
            self._open()
        try:
            return bytes(self._body.read(size))
        except botocore.exceptions.BotoCoreError:
            return b""

    def _open(self) -> int:
        """Ask for everything from here on; gives the size of the whole content."""
        last = "" if self._end is None else str(self._end - 1)
        is_part = bool(self._at) or self._end is not None
        asked: dict[str, Any] = {"Range": f"bytes={self._at}-{last}"} if is_part else {}
        try:
            answer = self._place.call("get_object", Key=self._key, **asked)
        except NoSuchKeyError as error:
            raise MissingContentError(
                self._sha256, f"the landing zone does not hold {self._sha256}"
            ) from error
        except PastEndError:
            return self._at
        self._body = answer["Body"]
        stated = str(answer.get("ContentRange", "")).rpartition("/")[2]
        return int(stated) if stated.isdigit() else int(answer["ContentLength"])

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
