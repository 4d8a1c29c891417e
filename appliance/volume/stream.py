"""An image in one pass: payload goes in, image bytes come out, digests are checked on the way."""

import hashlib
from collections.abc import Iterator

from appliance.volume.errors import PAYLOAD_DIFFERS, PAYLOAD_LENGTH, VolumeError
from appliance.volume.image import ZERO_SECTOR, Image
from appliance.volume.udf.tags import SECTOR

Piece = bytes | memoryview
METADATA_STEP = 2**19
JOIN_BYTES = 2**16


class ImageStream:
    """Push the payload in plan order, take the image's bytes.

    Long pieces are handed on without a copy, so use what `feed` yields before the chunk's memory
    is used again; short ones are joined. Chunks of about a mebibyte are fastest.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self._files = image.plan.files
        self._index = -1
        self._left = 0
        self._begun = False
        self._with_sm3 = "sm3" in image.plan.identity.digests
        self._sha256 = hashlib.sha256()
        self._sm3 = self._new_sm3()

    def feed(self, chunk: Piece) -> Iterator[Piece]:
        """The image bytes that are ready with this chunk. Exhaust it before the next call.

        Raises:
            VolumeError: 3003, a file does not have its planned digest; 3004, there is more payload
                than planned.
        """
        yield from self._begin()
        held: list[Piece] = []
        view, length, at = memoryview(chunk), len(chunk), 0
        while at < length:
            if not self._left:
                self._next_file()
            part = view[at : at + self._left]
            at += len(part)
            self._left -= len(part)
            padding = self._digest(part) if self._left else self._complete(part)
            if len(part) < JOIN_BYTES:
                held.append(part)
            else:
                if held:
                    yield b"".join(held)
                    held.clear()
                yield part
            if padding:
                held.append(padding)
        if held:
            yield b"".join(held)

    def finish(self) -> Iterator[Piece]:
        """The rest of the image.

        Raises:
            VolumeError: 3003, an empty file does not have the digest of nothing; 3004, the payload
                is shorter than planned.
        """
        yield from self._begin()
        if not self._left:
            self._pass_empty_files()
        if self._left or self._index + 1 < len(self._files):
            path = self._files[self._index if self._left else self._index + 1].path
            raise VolumeError(PAYLOAD_LENGTH, f"the payload ends before the end of {path!r}")
        yield from self._metadata(self._image.payload_end, self._image.size_bytes)

    def _begin(self) -> Iterator[Piece]:
        if not self._begun:
            self._begun = True
            yield from self._metadata(0, self._image.payload_offset)

    def _metadata(self, start: int, stop: int) -> Iterator[bytes]:
        for offset in range(start, stop, METADATA_STEP):
            yield self._image.read_metadata(offset, min(METADATA_STEP, stop - offset))

    def _pass_empty_files(self) -> None:
        """Go to just before the next file that has bytes."""
        while self._index + 1 < len(self._files) and not self._files[self._index + 1].size_bytes:
            self._index += 1
            self._complete(memoryview(b""))

    def _next_file(self) -> None:
        self._pass_empty_files()
        if self._index + 1 >= len(self._files):
            raise VolumeError(PAYLOAD_LENGTH, "there is more payload than the plan has files for")
        self._index += 1
        self._left = self._files[self._index].size_bytes

    def _digest(self, part: Piece) -> bytes:
        self._sha256.update(part)
        if self._with_sm3:
            self._sm3.update(part)
        return b""

    def _complete(self, part: Piece) -> bytes:
        """Check the file that ends with `part`; return the padding to its sector's end."""
        file = self._files[self._index]
        if len(part) == file.size_bytes:
            good = hashlib.sha256(part).digest() == file.sha256
        else:
            self._sha256.update(part)
            good = self._sha256.digest() == file.sha256
            self._sha256 = hashlib.sha256()
        if self._with_sm3:
            self._sm3.update(part)
            good = good and self._sm3.digest() == file.sm3
            self._sm3 = self._new_sm3()
        if not good:
            raise VolumeError(PAYLOAD_DIFFERS, f"{file.path!r} differs from the planned digest")
        return ZERO_SECTOR[: -file.size_bytes % SECTOR]

    def _new_sm3(self) -> "hashlib._Hash":
        return hashlib.new("sm3") if self._with_sm3 else hashlib.sha256()
