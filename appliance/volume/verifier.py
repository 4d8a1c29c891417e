"""A disc read back in one pass and compared with what its plan says, sector by sector."""

import hashlib
from dataclasses import dataclass

from appliance.volume.image import ZERO_SECTOR, Image
from appliance.volume.udf.tags import SECTOR

LISTED_MAX = 1_000
STEP = 2**19


@dataclass(frozen=True)
class VerifyReport:
    """What a pass over a disc found. The lists hold the first 1,000; the counts are whole.

    `bad_sectors` are sectors outside the files' contents that differ from what the plan gives
    (descriptors, folders, manifests, padding) or could not be read; `bad_files` are indexes of
    the plan's files whose digest differs or whose bytes were not all seen.
    """

    bytes_seen: int
    bytes_expected: int
    files_checked: int
    bad_files: tuple[int, ...]
    bad_file_count: int
    bad_sectors: tuple[int, ...]
    bad_sector_count: int

    @property
    def ok(self) -> bool:
        whole = self.bytes_seen == self.bytes_expected
        return whole and not self.bad_file_count and not self.bad_sector_count


class ImageVerifier:
    """Push the disc's bytes from offset 0 on; what comes after the image's end is ignored."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._files = image.plan.files
        self._offset = 0
        self._index = -1
        self._content_end = self._file_end = image.payload_offset
        self._sha256 = hashlib.sha256()
        self._spoiled = False
        self._checked = 0
        self._bad_files: list[int] = []
        self._bad_file_count = 0
        self._bad_sectors: list[int] = []
        self._bad_sector_count = 0
        self._last_bad_sector = -1

    @property
    def offset(self) -> int:
        """How far into the image the next byte lies."""
        return self._offset

    def feed(self, chunk: bytes | memoryview) -> None:
        """The next bytes of the disc."""
        view, at = memoryview(chunk), 0
        while at < len(view) and self._offset < self._image.size_bytes:
            at += self._take(view[at:], len(view) - at)

    def skip(self, length: int) -> None:
        """The next `length` bytes could not be read."""
        while length > 0 and self._offset < self._image.size_bytes:
            length -= self._take(None, length)

    def finish(self) -> VerifyReport:
        """What was found. Files that were not reached are bad."""
        seen = self._offset
        self.skip(self._image.size_bytes - seen)
        self._pass_empty_files()
        return VerifyReport(
            bytes_seen=seen,
            bytes_expected=self._image.size_bytes,
            files_checked=self._checked,
            bad_files=tuple(self._bad_files),
            bad_file_count=self._bad_file_count,
            bad_sectors=tuple(self._bad_sectors),
            bad_sector_count=self._bad_sector_count,
        )

    def _take(self, view: memoryview | None, length: int) -> int:
        """Use up some of the next `length` bytes, `None` for unreadable ones; say how many."""
        image, offset = self._image, self._offset
        if offset < image.payload_offset:
            return self._take_metadata(view, min(length, STEP, image.payload_offset - offset))
        if offset >= image.payload_end:
            return self._take_metadata(view, min(length, STEP, image.size_bytes - offset))
        if offset == self._file_end:
            self._next_file()
        if offset < self._content_end:
            return self._take_content(view, min(length, self._content_end - offset))
        take = min(length, self._file_end - offset)
        self._compare(view, ZERO_SECTOR[:take])
        return take

    def _take_metadata(self, view: memoryview | None, take: int) -> int:
        self._compare(view, self._image.read_metadata(self._offset, take))
        return take

    def _compare(self, view: memoryview | None, expected: bytes) -> None:
        """Count each sector that differs, and go on behind it."""
        take, offset = len(expected), self._offset
        self._offset += take
        if view is not None and view[:take] == expected:
            return
        while offset < self._offset:
            sector = offset // SECTOR
            stop = min((sector + 1) * SECTOR, self._offset)
            start = self._offset - take
            part = slice(offset - start, stop - start)
            if (view is None or view[part] != expected[part]) and sector != self._last_bad_sector:
                self._last_bad_sector = sector
                self._bad_sector_count += 1
                if len(self._bad_sectors) < LISTED_MAX:
                    self._bad_sectors.append(sector)
            offset = stop

    def _take_content(self, view: memoryview | None, take: int) -> int:
        self._offset += take
        if view is None:
            self._spoiled = True
        else:
            self._sha256.update(view[:take])
        if self._offset == self._content_end:
            self._close_file()
        return take

    def _next_file(self) -> None:
        self._pass_empty_files()
        self._index += 1
        start, size = self._image.extent(self._index)
        self._content_end = start + size
        self._file_end = start + -(-size // SECTOR) * SECTOR

    def _pass_empty_files(self) -> None:
        while self._index + 1 < len(self._files) and not self._files[self._index + 1].size_bytes:
            self._index += 1
            self._close_file()

    def _close_file(self) -> None:
        self._checked += not self._spoiled
        if self._spoiled or self._sha256.digest() != self._files[self._index].sha256:
            self._bad_file_count += 1
            if len(self._bad_files) < LISTED_MAX:
                self._bad_files.append(self._index)
        self._sha256, self._spoiled = hashlib.sha256(), False
