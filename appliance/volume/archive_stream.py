"""An archive in one pass: payload goes in, archive bytes come out, digests are checked on the way;
and an archive read back in one pass and compared with what its plan says, block by block.
"""

import hashlib
from collections.abc import Iterator

from appliance.volume.archive import Archive
from appliance.volume.errors import PAYLOAD_LENGTH, VolumeError
from appliance.volume.file_digest import FileDigest
from appliance.volume.pax import BLOCK
from appliance.volume.stream import JOIN_BYTES, METADATA_STEP, Piece
from appliance.volume.verifier import LISTED_MAX, VerifyReport


class ArchiveStream:
    """Push the payload in plan order, take the archive's bytes; as `ImageStream`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._files = archive.plan.files
        self._index = -1
        self._left = 0
        self._offset = 0
        self._digest = FileDigest(with_sm3="sm3" in archive.plan.identity.digests)

    def feed(self, chunk: Piece) -> Iterator[Piece]:
        """The archive bytes that are ready with this chunk. Exhaust it before the next call.

        Raises:
            VolumeError: 3003, a file does not have its planned digest; 3004, there is more payload
                than planned.
        """
        held: list[Piece] = []
        view, at = memoryview(chunk), 0
        while at < len(view):
            if not self._left:
                held += self._next_file()
            part = view[at : at + self._left]
            at += len(part)
            self._take(part)
            if len(part) < JOIN_BYTES:
                held.append(part)
            else:
                yield b"".join(held)
                held.clear()
                yield part
        if held:
            yield b"".join(held)

    def finish(self) -> Iterator[Piece]:
        """The rest of the archive.

        Raises:
            VolumeError: 3003, an empty file does not have the digest of nothing; 3004, the payload
                is shorter than planned.
        """
        if not self._left:
            self._pass_empty_files()
        if self._left or self._index + 1 < len(self._files):
            path = self._files[self._index if self._left else self._index + 1].path
            raise VolumeError(PAYLOAD_LENGTH, f"the payload ends before the end of {path!r}")
        yield from self._metadata(self._archive.size_bytes)

    def _take(self, part: memoryview) -> None:
        self._digest.update(part)
        self._offset += len(part)
        self._left -= len(part)
        if not self._left:
            self._digest.require(self._files[self._index])

    def _next_file(self) -> Iterator[bytes]:
        """Begin the next file that has bytes: what lies before its content."""
        self._pass_empty_files()
        if self._index + 1 >= len(self._files):
            raise VolumeError(PAYLOAD_LENGTH, "there is more payload than the plan has files for")
        self._index += 1
        start, self._left = self._archive.extent(self._index)
        return self._metadata(start)

    def _pass_empty_files(self) -> None:
        while self._index + 1 < len(self._files) and not self._files[self._index + 1].size_bytes:
            self._index += 1
            self._digest.require(self._files[self._index])

    def _metadata(self, stop: int) -> Iterator[bytes]:
        start, self._offset = self._offset, stop
        for offset in range(start, stop, METADATA_STEP):
            yield self._archive.read_metadata(offset, min(METADATA_STEP, stop - offset))


class ArchiveVerifier:
    """Push the tape file's bytes from offset 0 on; what comes after the archive's end is ignored.

    In the report sectors are the archive's blocks of 512 bytes.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._files = archive.plan.files
        self._offset = 0
        self._index = -1
        self._content = self._content_end = 0
        self._sha256 = hashlib.sha256()
        self._spoiled = False
        self._checked = 0
        self._bad_files: list[int] = []
        self._bad_file_count = 0
        self._bad_blocks: list[int] = []
        self._bad_block_count = 0
        self._next_file()

    @property
    def offset(self) -> int:
        """How far into the archive the next byte lies."""
        return self._offset

    def feed(self, chunk: bytes | memoryview) -> None:
        """The next bytes of the tape file."""
        view, at = memoryview(chunk), 0
        while at < len(view) and self._offset < self._archive.size_bytes:
            at += self._take(view[at:], len(view) - at)

    def skip(self, length: int) -> None:
        """The next `length` bytes could not be read."""
        while length > 0 and self._offset < self._archive.size_bytes:
            length -= self._take(None, length)

    def finish(self) -> VerifyReport:
        """What was found. Files that were not reached are bad."""
        seen = self._offset
        self.skip(self._archive.size_bytes - seen)
        return VerifyReport(
            bytes_seen=seen,
            bytes_expected=self._archive.size_bytes,
            files_checked=self._checked,
            bad_files=tuple(self._bad_files),
            bad_file_count=self._bad_file_count,
            bad_sectors=tuple(self._bad_blocks),
            bad_sector_count=self._bad_block_count,
        )

    def _take(self, view: memoryview | None, length: int) -> int:
        """Use up some of the next `length` bytes, `None` for unreadable ones; say how many."""
        if self._offset < self._content:
            take = min(length, METADATA_STEP, self._content - self._offset)
            self._compare(view, self._archive.read_metadata(self._offset, take))
            return take
        take = min(length, self._content_end - self._offset)
        self._offset += take
        if view is None:
            self._spoiled = True
        else:
            self._sha256.update(view[:take])
        if self._offset == self._content_end:
            self._close_file()
            self._next_file()
        return take

    def _compare(self, view: memoryview | None, expected: bytes) -> None:
        """Count each block that differs, and go on behind it."""
        start, self._offset = self._offset, self._offset + len(expected)
        if view is not None and view[: len(expected)] == expected:
            return
        offset = start
        while offset < self._offset:
            stop = min((offset // BLOCK + 1) * BLOCK, self._offset)
            part = slice(offset - start, stop - start)
            if view is None or view[part] != expected[part]:
                self._note(offset // BLOCK)
            offset = stop

    def _note(self, block: int) -> None:
        if self._bad_blocks and self._bad_blocks[-1] == block:
            return
        self._bad_block_count += 1
        if len(self._bad_blocks) < LISTED_MAX:
            self._bad_blocks.append(block)

    def _next_file(self) -> None:
        """Find the next content; empty files on the way have none."""
        self._index += 1
        while self._index < len(self._files) and not self._files[self._index].size_bytes:
            self._close_file()
            self._index += 1
        if self._index < len(self._files):
            self._content, size_bytes = self._archive.extent(self._index)
            self._content_end = self._content + size_bytes
        else:
            self._content = self._content_end = self._archive.size_bytes

    def _close_file(self) -> None:
        self._checked += not self._spoiled
        if self._spoiled or self._sha256.digest() != self._files[self._index].sha256:
            self._bad_file_count += 1
            if len(self._bad_files) < LISTED_MAX:
                self._bad_files.append(self._index)
        self._sha256, self._spoiled = hashlib.sha256(), False
