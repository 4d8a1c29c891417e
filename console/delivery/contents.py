"""Contents as they are handed over: no byte leaves that does not belong to its digest.

A whole content is digested while it is sent, and its last chunk is held back until all of it has
agreed. Of a part nobody downstream can tell whether it is right: so the whole is read and compared
before the first byte of a part is sent, once in a while for many parts of the same content.
"""

import hashlib
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import BinaryIO

from appliance.contract.errors import SteleError
from console.store.landing import Landing

CHUNK_BYTES = 256 * 1024
CHANGED = 5413
GONE = 3401
BELIEVED_S = 600.0
"""For so long a content that was compared is not read again for another part of it."""
_BELIEVED_MAX = 4096


class Content:
    """One content in one of the places that hold contents."""

    def __init__(self, place: Landing, sha256: str, size_bytes: int) -> None:
        self._place = place
        self.sha256 = sha256
        self.size_bytes = size_bytes

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to before `end`.

        Raises:
            SteleError: 3401 it is gone; 5413 it is not what was archived.
        """
        end = self.size_bytes if end is None else end
        if (start, end) == (0, self.size_bytes):
            yield from self._checked()
            return
        if start >= end:
            return
        if not _believed.holds(self.sha256):
            self.compare()
        with self._open() as stream:
            stream.seek(start)
            while start < end:
                chunk = stream.read(min(CHUNK_BYTES, end - start))
                if not chunk:
                    raise self._changed(f"it ends after {start} bytes")
                start += len(chunk)
                yield chunk

    def _checked(self) -> Iterator[bytes]:
        digest, seen = hashlib.sha256(), 0
        with self._open() as stream:
            chunk = stream.read(CHUNK_BYTES)
            while chunk:
                digest.update(chunk)
                seen += len(chunk)
                after = stream.read(CHUNK_BYTES)
                if not after:
                    break
                yield chunk
                chunk = after
        self._require(digest.hexdigest(), seen)
        if chunk:
            yield chunk

    def compare(self) -> int:
        """Read all of it and compare it with its digest; gives its CRC-32.

        Raises:
            SteleError: 3401 it is gone; 5413 it is not what was archived.
        """
        digest, seen, crc32 = hashlib.sha256(), 0, 0
        with self._open() as stream:
            while chunk := stream.read(4 * CHUNK_BYTES):
                digest.update(chunk)
                crc32 = zlib.crc32(chunk, crc32)
                seen += len(chunk)
        self._require(digest.hexdigest(), seen)
        return crc32

    def _open(self) -> BinaryIO:
        return self._place.open(self.sha256)

    def _require(self, found: str, seen: int) -> None:
        if found != self.sha256 or seen != self.size_bytes:
            _believed.forget(self.sha256)
            raise self._changed(f"found {found}, {seen} bytes")
        _believed.keep(self.sha256)

    def _changed(self, detail: str) -> SteleError:
        text = f"the content {self.sha256} is no longer what was archived"
        return SteleError(CHANGED, text, detail)


class _Believed:
    """Which contents were compared a moment ago, in this process."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def holds(self, sha256: str) -> bool:
        with self._lock:
            return self._until.get(sha256, 0.0) > time.monotonic()

    def keep(self, sha256: str) -> None:
        with self._lock:
            self._until[sha256] = time.monotonic() + BELIEVED_S
            self._until.move_to_end(sha256)
            while len(self._until) > _BELIEVED_MAX:
                self._until.popitem(last=False)

    def forget(self, sha256: str) -> None:
        with self._lock:
            self._until.pop(sha256, None)


_believed = _Believed()


def find_content(places: tuple[Landing, ...], sha256: str, size_bytes: int) -> Content | None:
    """The content in the first place that holds it whole; None when it is only on media."""
    for place in places:
        if place.size(sha256) == size_bytes:
            return Content(place, sha256, size_bytes)
    return None
