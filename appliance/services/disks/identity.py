"""What a disk bears of us: `stele-medium.json` in the root of its file system. Blocking calls.

Which disk it is says its serial number; the file says that it is ours, and its id, so that a disk
is recognised also by an appliance that has never seen it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from appliance.contract.messages.values import Id
from appliance.volume.bag_folder import PART_PREFIX, PART_SUFFIX
from hal.interfaces.disk_bay import DiskRoom

MEDIUM_JSON = "stele-medium.json"
MEDIUM_FORMAT = "stele-medium/1"
_BYTES_MAX = 65_536
_NOT_DATA = frozenset({"lost+found", MEDIUM_JSON})


class MediumDocument(Struct, frozen=True):
    """The document."""

    format: str
    medium_id: Id
    serial: str


@dataclass(frozen=True)
class Found:
    """What a mounted disk holds. `data` says that there is anything at all on it."""

    document: MediumDocument | None
    data: bool
    capacity_bytes: int
    free_bytes: int


def look(root: Path, room: DiskRoom) -> Found:
    """Look at the root of a disk's file system. Raises `OSError`."""
    names = {entry.name for entry in root.iterdir()} - _NOT_DATA
    return Found(
        document=_read(root),
        data=any(not _is_part(name) for name in names),
        capacity_bytes=room.capacity_bytes,
        free_bytes=room.free_bytes,
    )


def claim(root: Path, medium_id: str, serial: str) -> None:
    """Write down that the disk is ours, durably. Raises `OSError`."""
    content = msgspec.json.encode(MediumDocument(MEDIUM_FORMAT, medium_id, serial)) + b"\n"
    part = root / f"{PART_PREFIX}{MEDIUM_JSON}{PART_SUFFIX}"
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.rename(root / MEDIUM_JSON)


def parts(root: Path) -> list[str]:
    """Names of what broken-off writings have left. Raises `OSError`."""
    return [entry.name for entry in root.iterdir() if _is_part(entry.name)]


def _is_part(name: str) -> bool:
    return name.startswith(PART_PREFIX) and name.endswith(PART_SUFFIX)


def _read(root: Path) -> MediumDocument | None:
    """The document, when there is one that can be understood: a disk may bear anything."""
    try:
        handle = os.open(root / MEDIUM_JSON, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        content = file.read(_BYTES_MAX)
    try:
        document = msgspec.json.decode(content, type=MediumDocument)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return document if document.format == MEDIUM_FORMAT else None
