"""The small ISO 9660 side of the image, for readers that know nothing else: just the READMEs.

It points at the same sectors as the UDF side. ECMA-119, level 1 names.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

from appliance.volume.udf.tags import SECTOR

DESCRIPTOR = 16
TERMINATOR = 17
PATH_TABLE_L = 21
PATH_TABLE_M = 22
ROOT = 23


def iso_sectors(
    label: str, created_at: datetime, image_sectors: int, files: Sequence[tuple[str, int, int]]
) -> dict[int, bytes]:
    """The sectors by number. `files` are (level 1 name, first sector, size in bytes), sorted."""
    root = _record(b"\0", ROOT, SECTOR, created_at, folder=True)
    records = [root, _record(b"\1", ROOT, SECTOR, created_at, folder=True)]
    records += [
        _record(f"{name};1".encode("ascii"), sector, size, created_at, folder=False)
        for name, sector, size in files
    ]
    sectors = {
        DESCRIPTOR: _primary(label, created_at, image_sectors, root),
        TERMINATOR: b"\xffCD001\1",
        PATH_TABLE_L: struct.pack("<BBIHBB", 1, 0, ROOT, 1, 0, 0),
        PATH_TABLE_M: struct.pack(">BBIHBB", 1, 0, ROOT, 1, 0, 0),
        ROOT: b"".join(records),
    }
    return {number: content.ljust(SECTOR, b"\0") for number, content in sectors.items()}


def _both(value: int, kind: str) -> bytes:
    return struct.pack(f"<{kind}", value) + struct.pack(f">{kind}", value)


def _primary(label: str, created_at: datetime, image_sectors: int, root: bytes) -> bytes:
    created = created_at.astimezone(UTC).strftime("%m%d%H%M%S00").encode() + b"\0"
    created = f"{created_at.year:04}".encode() + created
    unset = b"0" * 16 + b"\0"
    return b"".join(
        (
            b"\1CD001\1\0",
            b" " * 32,
            _volume_identifier(label),
            bytes(8),
            _both(image_sectors, "I"),
            bytes(32),
            _both(1, "H") + _both(1, "H") + _both(SECTOR, "H"),
            _both(10, "I"),
            struct.pack("<II", PATH_TABLE_L, 0) + struct.pack(">II", PATH_TABLE_M, 0),
            root,
            b" " * (128 * 3),
            b"STELE".ljust(128),
            b" " * (37 * 3),
            created + created + unset + unset,
            b"\1",
        )
    )


def _volume_identifier(label: str) -> bytes:
    allowed = "".join(c if c.isascii() and c.isalnum() else "_" for c in label.upper())
    return allowed[:32].encode("ascii").ljust(32)


def _record(identifier: bytes, sector: int, size: int, when: datetime, *, folder: bool) -> bytes:
    year = min(max(when.year - 1900, 0), 255)
    date = bytes((year, when.month, when.day, when.hour, when.minute, when.second, 0))
    body = b"".join(
        (
            b"\0",
            _both(sector, "I"),
            _both(size, "I"),
            date,
            bytes((2 if folder else 0, 0, 0)),
            _both(1, "H"),
            bytes((len(identifier),)),
            identifier,
        )
    )
    padding = bytes((len(body) + 1) % 2)
    return bytes((len(body) + 1 + len(padding),)) + body + padding
