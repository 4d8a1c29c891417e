"""Reading a tar archive as it comes: pax, ustar and GNU, of any size, in memory that is bounded.

Sources: POSIX.1-2017 `pax` (ustar and pax interchange formats); GNU tar manual, "Basic Tar Format".
Anybody may have made the archive: header sizes are bounded, nothing is allocated by what it says.
"""

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from appliance.contract.errors import SteleError
from appliance.volume.names import text_from_bytes
from appliance.volume.tool.folder import MTIME_NS_MAX, MTIME_NS_MIN

BLOCK_BYTES = 512
HEADERS_BYTES_MAX = 1 << 20
"""Of one extended header; paths have at most 64 KiB."""
_CHUNK_BYTES = 1 << 20
_SIZE_MAX = 1 << 60
_HEADERS_TOGETHER = 16
_NUMBER = re.compile(rb"-?\d{1,20}(\.\d{0,30})?")


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    DEVICE = "device"
    SPARSE = "sparse"


class Member(NamedTuple):
    """Something in the archive. `path` is name text without './' and a '/' at the end."""

    path: str
    kind: Kind
    size_bytes: int
    mtime_ns: int


_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"5": Kind.FOLDER,
    b"1": Kind.LINK,
    b"2": Kind.LINK,
    b"3": Kind.DEVICE,
    b"4": Kind.DEVICE,
    b"6": Kind.DEVICE,
    b"S": Kind.SPARSE,
}
_WITHOUT_CONTENT = (Kind.FOLDER, Kind.LINK, Kind.DEVICE)


class TarStream:
    """The members one after the other; between them, `content` gives the present one's bytes.

    `read(n)` gives at most n bytes, none at the end.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._at = 0
        self._left = 0
        """Of the present member's content and its padding."""
        self._padding = 0
        self._everywhere: dict[str, bytes] = {}

    def members(self) -> Iterator[Member]:
        """Every member, in order.

        Raises:
            SteleError: 3420 the archive is damaged or ends early; 3421 a header is too large.
        """
        while (header := self._header()) is not None:
            yield header
            self._skip()

    def content(self) -> Iterator[bytes]:
        """The present member's content; for SteleError see `members`."""
        while self._left:
            chunk = self._some(min(_CHUNK_BYTES, self._left))
            self._left -= len(chunk)
            yield chunk

    def _header(self) -> Member | None:
        said = dict(self._everywhere)
        for _ in range(_HEADERS_TOGETHER):
            block = self._block()
            if block is None:
                return None
            kind, size_bytes = block[156:157], _number(block[124:136], self._at)
            if kind in b"xgLK" and kind:
                body = self._small(size_bytes)
                if kind == b"g":
                    self._everywhere |= _records(body, self._at)
                    said = {**self._everywhere, **said}
                elif kind == b"x":
                    said |= _records(body, self._at)
                elif kind == b"L":
                    said["path"] = body.split(b"\0", 1)[0]
                continue
            return self._member(block, kind, size_bytes, said)
        raise SteleError(3421, f"a file has too many headers before byte {self._at:,}")

    def _member(self, block: bytes, kind: bytes, size: int, said: dict[str, bytes]) -> Member:
        found = _KINDS.get(kind, Kind.FILE)  # POSIX: what is not known is a file
        if "size" in said:
            size = _decimal(said["size"], self._at)
        if found in _WITHOUT_CONTENT:
            size = 0 if found is not Kind.LINK or kind == b"2" or "size" not in said else size
        if not 0 <= size <= _SIZE_MAX:
            raise _damaged(f"a file of {size} bytes at byte {self._at:,}")
        if found is Kind.SPARSE:
            self._skip_sparse_map(block)
        if any(name.startswith("GNU.sparse.") for name in said):
            found = Kind.SPARSE
        self._left, self._padding = size, -size % BLOCK_BYTES
        raw = said.get("path") or _ustar_path(block)
        if raw.endswith(b"/") and kind in (b"0", b"\0") and not size:
            found = Kind.FOLDER  # as the oldest tar programs write them
        return Member(_plain(raw), found, size, _mtime_ns(block, said))

    def _skip_sparse_map(self, block: bytes) -> None:
        goes_on = block[482]
        while goes_on:
            goes_on = self._exactly(BLOCK_BYTES)[504]

    def _block(self) -> bytes | None:
        """The next header block; None at the end of the archive."""
        block = self._some(BLOCK_BYTES, may_end=True)
        if not block:
            return None  # Without the blocks of zeros that should stand there: nothing is missing.
        while len(block) < BLOCK_BYTES:
            block += self._some(BLOCK_BYTES - len(block))
        if not block.strip(b"\0"):
            self._drain()
            return None
        told = _octal(block[148:156])
        if told != sum(block[:148]) + 8 * 32 + sum(block[156:]):
            raise _damaged(f"no header of a file at byte {self._at - BLOCK_BYTES:,}")
        return block

    def _small(self, size_bytes: int) -> bytes:
        if not 0 <= size_bytes <= HEADERS_BYTES_MAX:
            message = f"a header of {size_bytes:,} bytes at byte {self._at:,}"
            raise SteleError(3421, f"{message}; at most {HEADERS_BYTES_MAX:,} are taken")
        body = self._exactly(size_bytes)
        self._exactly(-size_bytes % BLOCK_BYTES)
        return body

    def _skip(self) -> None:
        for _ in self.content():
            pass
        self._exactly(self._padding)
        self._padding = 0

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            parts.append(self._some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def _some(self, size: int, *, may_end: bool = False) -> bytes:
        chunk = self._read(size)
        if not chunk and not may_end:
            raise _damaged(f"it ends after {self._at:,} bytes, in the middle of a file")
        self._at += len(chunk)
        return chunk

    def _drain(self) -> None:
        """Whatever stands behind the end: tar fills its last record with zeros."""
        while chunk := self._read(_CHUNK_BYTES):
            if chunk.strip(b"\0"):
                raise _damaged("there is more behind the end of the archive")


def _damaged(what: str) -> SteleError:
    return SteleError(3420, f"this is no whole tar archive: {what}")


def _octal(field: bytes) -> int:
    text = field.strip(b" \0")
    try:
        return int(text, 8) if text else 0
    except ValueError:
        return -1


def _number(field: bytes, at: int) -> int:
    """Octal digits, or with the first bit set a number in base 256."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False) & ((1 << (8 * len(field) - 1)) - 1)
        return value if not field[0] & 0x40 else value - (1 << (8 * len(field) - 1))
    value = _octal(field)
    if value < 0:
        raise _damaged(f"a number that is none at byte {at:,}")
    return value


def _decimal(text: bytes, at: int) -> int:
    if not text.isdigit() or len(text) > 20:
        raise _damaged(f"a size that is none at byte {at:,}")
    return int(text)


def _records(body: bytes, at: int) -> dict[str, bytes]:
    """The records of a pax header: 'length key=value' and a line end each."""
    found: dict[str, bytes] = {}
    begin = 0
    while begin < len(body):
        blank = body.find(b" ", begin, begin + 10)
        length = body[begin:blank] if blank > 0 else b""
        end = begin + int(length) if length.isdigit() else 0
        record = body[blank + 1 : end - 1]
        key, sign, value = record.partition(b"=")
        if not blank < end <= len(body) or body[end - 1 : end] != b"\n" or not sign:
            raise _damaged(f"an extended header that is none before byte {at:,}")
        found[key.decode("utf-8", "replace")] = value
        begin = end
    return found


def _ustar_path(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    prefix = b""
    if block[257:263] == b"ustar\0":
        prefix = block[345:500].split(b"\0", 1)[0]
    return prefix + b"/" + name if prefix else name


def _plain(raw: bytes) -> str:
    while raw.startswith(b"./"):
        raw = raw[2:].lstrip(b"/")
    raw = raw.rstrip(b"/") or (b"/" if raw.startswith(b"/") else b"")
    return "" if raw == b"." else text_from_bytes(raw)


def _mtime_ns(block: bytes, said: dict[str, bytes]) -> int:
    told = said.get("mtime")
    if told is not None and _NUMBER.fullmatch(told):
        whole, _, part = told.partition(b".")
        part_ns = int(part[:9].ljust(9, b"0")) if part else 0
        # The part of a second points away from 1970, as in the number as written.
        found = int(whole) * 10**9 + (-part_ns if told.startswith(b"-") else part_ns)
    else:
        found = max(_number(block[136:148], 0), -(10**10)) * 10**9
    return min(max(found, MTIME_NS_MIN), MTIME_NS_MAX)
