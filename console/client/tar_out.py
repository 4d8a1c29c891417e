"""Files as a pax archive, made while it is sent. Source: POSIX.1-2017 `pax`, ustar format."""

from collections.abc import Iterator
from tarfile import BLOCKSIZE, DIRTYPE, REGTYPE, TarInfo

from appliance.volume.names import bytes_from_text

END = bytes(2 * BLOCKSIZE)


def member(path: str, size_bytes: int, mtime_ns: int) -> bytes:
    """The headers of a file; its content follows, then `padding`."""
    return _headers(path, size_bytes, mtime_ns, REGTYPE)


def folder(path: str, mtime_ns: int) -> bytes:
    """A folder, whole."""
    return _headers(path + "/", 0, mtime_ns, DIRTYPE)


def padding(size_bytes: int) -> bytes:
    return bytes(-size_bytes % BLOCKSIZE)


def _headers(path: str, size_bytes: int, mtime_ns: int, kind: bytes) -> bytes:
    whole_s, part_ns = divmod(mtime_ns, 10**9)
    seconds = f"{whole_s}.{part_ns:09}" if mtime_ns >= 0 or not part_ns else _below_zero(mtime_ns)
    records = _record("path", bytes_from_text(path)) + _record("mtime", seconds.encode())
    if size_bytes >= 8**11:
        records += _record("size", str(size_bytes).encode())
    extended = _block("pax", len(records), b"x")
    size = size_bytes if size_bytes < 8**11 else 0
    return b"".join((extended, records, padding(len(records)), _block("file", size, kind)))


def _below_zero(mtime_ns: int) -> str:
    whole_s, part_ns = divmod(-mtime_ns, 10**9)
    return f"-{whole_s}.{part_ns:09}"


def _record(key: str, value: bytes) -> bytes:
    rest = b" " + key.encode() + b"=" + value + b"\n"
    length = len(rest)
    while len(rest) + len(str(length)) != length:
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _block(name: str, size: int, kind: bytes) -> bytes:
    info = TarInfo(name)
    info.size, info.type, info.mode = size, kind, 0o644
    return info.tobuf()


def blocks(chunks: Iterator[bytes], together: int) -> Iterator[bytes]:
    """The same bytes in larger pieces."""
    some: list[bytes] = []
    size = 0
    for chunk in chunks:
        some.append(chunk)
        size += len(chunk)
        if size >= together:
            yield b"".join(some)
            some, size = [], 0
    yield b"".join(some)
