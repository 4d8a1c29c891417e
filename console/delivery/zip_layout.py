"""A ZIP whose every byte is known before any is sent, but for its checksums. Pure.

Entries are stored, not compressed, so the length of all of it follows from names and sizes alone
(PKWARE APPNOTE 6.3: local headers 4.3.7, central directory 4.3.12, ZIP64 4.3.14 and 4.5.3; bit 11
of the flags says that names are UTF-8). All entries carry ZIP64 fields, needed or not: so what an
entry takes depends on nothing but its name. Times are in UTC, the Unix time beside the DOS one.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

VERSION = 45
_UNIX = 3 << 8
_UTF8 = 1 << 11
_FULL32 = 0xFFFFFFFF
_FILE_MODE, _FOLDER_MODE = 0o100644 << 16, (0o040755 << 16) | 0x10
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_LOCAL_ZIP64 = struct.Struct("<HHQQ")
_CENTRAL_ZIP64 = struct.Struct("<HHQQQ")
_UNIX_TIME = struct.Struct("<HHBi")
_END64 = struct.Struct("<IQHHIIQQQQ")
_END64_AT = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")

Read = Callable[[int, int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or, when its name ends in '/', folder. `key` names its content to whoever reads."""

    name: str
    size_bytes: int
    mtime_ns: int
    key: str = ""

    @property
    def raw_name(self) -> bytes:
        return self.name.encode()

    @property
    def local_bytes(self) -> int:
        """Header and content."""
        extra = _LOCAL_ZIP64.size + _UNIX_TIME.size
        return _LOCAL.size + len(self.raw_name) + extra + self.size_bytes

    @property
    def central_bytes(self) -> int:
        return _CENTRAL.size + len(self.raw_name) + _CENTRAL_ZIP64.size + _UNIX_TIME.size


class ZipLayout:
    """Where each byte of a ZIP of these entries is."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._directory_at = sum(entry.local_bytes for entry in entries)
        self._directory_bytes = sum(entry.central_bytes for entry in entries)
        self.size_bytes = (
            self._directory_at + self._directory_bytes + _END64.size + _END64_AT.size + _END.size
        )

    def read(
        self,
        start: int,
        end: int,
        content: Callable[[Entry, int, int], Iterator[bytes]],
        crc32: Callable[[Entry], int],
    ) -> Iterator[bytes]:
        """The bytes from `start` up to before `end`.

        `content` gives bytes of an entry, `crc32` its checksum: asked for just before the entry's
        header is sent, and for all when the directory is.
        """
        at = 0
        for entry in self.entries:
            after = at + entry.local_bytes
            if after > start and at < end:
                yield from self._entry(entry, max(start - at, 0), end - at, content, crc32)
            at = after
            if at >= end:
                return
        for piece in self._directory(crc32):
            if at + len(piece) > start and at < end:
                yield piece[max(start - at, 0) : end - at]
            at += len(piece)

    def _entry(
        self,
        entry: Entry,
        start: int,
        end: int,
        content: Callable[[Entry, int, int], Iterator[bytes]],
        crc32: Callable[[Entry], int],
    ) -> Iterator[bytes]:
        header_bytes = entry.local_bytes - entry.size_bytes
        if start < header_bytes:
            header = _local_header(entry, crc32(entry))
            yield header[start:end]
        first = max(start - header_bytes, 0)
        last = min(end - header_bytes, entry.size_bytes)
        if first < last:
            yield from content(entry, first, last)

    def _directory(self, crc32: Callable[[Entry], int]) -> Iterator[bytes]:
        at = 0
        for entry in self.entries:
            yield _central_header(entry, crc32(entry), at)
            at += entry.local_bytes
        count = len(self.entries)
        end_at = self._directory_at + self._directory_bytes
        yield (
            _END64.pack(
                0x06064B50,
                _END64.size - 12,
                _UNIX | VERSION,
                VERSION,
                0,
                0,
                count,
                count,
                self._directory_bytes,
                self._directory_at,
            )
            + _END64_AT.pack(0x07064B50, 0, end_at, 1)
            + _END.pack(
                0x06054B50,
                0,
                0,
                min(count, 0xFFFF),
                min(count, 0xFFFF),
                min(self._directory_bytes, _FULL32),
                min(self._directory_at, _FULL32),
                0,
            )
        )


def _local_header(entry: Entry, crc32: int) -> bytes:
    name = entry.raw_name
    extra = _LOCAL_ZIP64.pack(1, 16, entry.size_bytes, entry.size_bytes) + _unix_time(entry)
    return (
        _LOCAL.pack(
            0x04034B50,
            VERSION,
            _UTF8,
            0,
            *_dos_time(entry.mtime_ns),
            crc32,
            _FULL32,
            _FULL32,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def _central_header(entry: Entry, crc32: int, at: int) -> bytes:
    name = entry.raw_name
    sizes = _CENTRAL_ZIP64.pack(1, 24, entry.size_bytes, entry.size_bytes, at)
    extra = sizes + _unix_time(entry)
    return (
        _CENTRAL.pack(
            0x02014B50,
            _UNIX | VERSION,
            VERSION,
            _UTF8,
            0,
            *_dos_time(entry.mtime_ns),
            crc32,
            _FULL32,
            _FULL32,
            len(name),
            len(extra),
            0,
            0,
            0,
            _FOLDER_MODE if entry.name.endswith("/") else _FILE_MODE,
            _FULL32,
        )
        + name
        + extra
    )


def _unix_time(entry: Entry) -> bytes:
    """Extra field 0x5455: the time of modification, in seconds; what it cannot say is nearest."""
    seconds = min(max(entry.mtime_ns // 10**9, -(2**31)), 2**31 - 1)
    return _UNIX_TIME.pack(0x5455, 5, 1, seconds)


def _dos_time(mtime_ns: int) -> tuple[int, int]:
    """Time and date of the DOS form, which knows the years 1980 to 2107."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first, last = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)
    low, high = (int((limit - epoch).total_seconds()) for limit in (first, last))
    at = epoch + timedelta(seconds=min(max(mtime_ns // 10**9, low), high))
    time = at.hour << 11 | at.minute << 5 | at.second // 2
    return time, (at.year - 1980) << 9 | at.month << 5 | at.day
