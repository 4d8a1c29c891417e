"""One member's header in a pax archive (POSIX.1-2001, the `pax` interchange format): pure bytes.

What ustar's fields cannot hold (a path that is not short ASCII, a time with a fraction or before
1970, a size from 8 GiB on) stands in an extended header before it.
"""

from typing import NamedTuple

BLOCK = 512
RECORD = 20 * BLOCK
"""Archives are padded to whole records, as `tar` does."""

FILE, FOLDER, EXTENDED = b"0", b"5", b"x"
_PATH_BYTES = 100
_SIZE_MAX, _MTIME_MAX = 8**11 - 1, 8**11 - 1
_MODES = {FILE: 0o644, FOLDER: 0o755, EXTENDED: 0o644}
_NS = 1_000_000_000


class Member(NamedTuple):
    """A file or folder of an archive; the path of a folder ends in '/'."""

    path: str
    size_bytes: int
    mtime_ns: int


def blocks(size_bytes: int) -> int:
    """The size in whole blocks, in bytes."""
    return -(-size_bytes // BLOCK) * BLOCK


def header(member: Member) -> bytes:
    """Everything before the member's content: whole blocks."""
    kind = FOLDER if member.path.endswith("/") else FILE
    path = member.path.encode()
    records: list[bytes] = []
    if len(path) > _PATH_BYTES or not member.path.isascii():
        records.append(_record(b"path", path))
        path = b"PaxPath" + (b"/" if kind == FOLDER else b"")
    size_bytes = member.size_bytes
    if size_bytes > _SIZE_MAX:
        records.append(_record(b"size", b"%d" % size_bytes))
        size_bytes = 0
    seconds, fraction = divmod(member.mtime_ns, _NS)
    if fraction or not 0 <= seconds <= _MTIME_MAX:
        records.append(_record(b"mtime", _decimal(member.mtime_ns)))
        seconds = min(max(seconds, 0), _MTIME_MAX)
    plain = _ustar(path, kind, size_bytes, seconds)
    if not records:
        return plain
    extended = b"".join(records)
    opening = _ustar(b"PaxHeader", EXTENDED, len(extended), seconds)
    return b"".join((opening, extended.ljust(blocks(len(extended)), b"\0"), plain))


def _record(key: bytes, value: bytes) -> bytes:
    """`LENGTH key=value` and a line feed, where LENGTH counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    if len(str(length)) > len(str(rest)):
        length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _decimal(mtime_ns: int) -> bytes:
    """Seconds since 1970 with as many decimals as are needed."""
    sign = "-" if mtime_ns < 0 else ""
    seconds, fraction = divmod(abs(mtime_ns), _NS)
    return f"{sign}{seconds}.{fraction:09}".rstrip("0").rstrip(".").encode()


def _ustar(path: bytes, kind: bytes, size_bytes: int, seconds: int) -> bytes:
    block = b"".join(
        (
            path.ljust(_PATH_BYTES, b"\0"),
            b"%07o\0" % _MODES[kind],
            b"0000000\0" * 2,  # owner and group: root, so that nobody's name is in the archive
            b"%011o\0" % size_bytes,
            b"%011o\0" % seconds,
            b" " * 8,
            kind,
            bytes(100),
            b"ustar\x0000",
            bytes(32 + 32),
            b"0000000\0" * 2,
        )
    ).ljust(BLOCK, b"\0")
    return b"%b%06o\0 %b" % (block[:148], sum(block), block[156:])
