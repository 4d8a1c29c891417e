"""Tar archives for tests, made by Python's own tarfile and by hand."""

import io
import tarfile
from collections.abc import Iterable


def tar_of(files: dict[str, bytes | None], *, fmt: int = tarfile.PAX_FORMAT) -> bytes:
    """None is a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.mtime = 1_700_000_000
            if content is None:
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def header(name: str, *, kind: bytes = b"0", size: int = 0, link: str = "") -> bytes:
    """One header block, whatever it says."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info.tobuf(tarfile.GNU_FORMAT)


def pax(records: Iterable[tuple[str, bytes]], said_size: int | None = None) -> bytes:
    """An extended header; `said_size` is what it says of itself."""
    body = b""
    for key, value in records:
        rest = b" " + key.encode() + b"=" + value + b"\n"
        length = len(rest) + len(str(len(rest)))
        length = len(rest) + len(str(length))
        body += str(length).encode() + rest
    block = bytearray(header("pax", kind=b"x", size=0))
    size = len(body) if said_size is None else said_size
    block[124:136] = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    return checked(block) + body + bytes(-len(body) % 512)


def checked(block: bytearray) -> bytes:
    """The block with its right checksum."""
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
