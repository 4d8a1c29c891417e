"""UDF descriptors read from an untrusted disc: checked, bounded, never trusted for a length."""

import struct
from binascii import crc_hqx
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from appliance.volume.errors import DAMAGED_METADATA, HOSTILE, VolumeError
from appliance.volume.udf import tags
from appliance.volume.udf.cs0 import decode
from appliance.volume.udf.file_descriptors import FIXED_ENTRY_BYTES, FOLDER_TYPE
from appliance.volume.udf.tags import SECTOR, TAG

_FIXED_IDENTIFIER_BYTES = 38
_DELETED, _PARENT = 4, 8
_IDENTIFIER_BEGINNING = struct.pack("<HH", tags.FILE_IDENTIFIER, tags.TAG_VERSION)
_LENGTHS = struct.Struct("<B16xH")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file or folder: `extents` are first block in the partition and length in bytes."""

    folder: bool
    size_bytes: int
    mtime_ns: int
    extents: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name in a folder, and the block of its file entry."""

    name: str
    folder: bool
    entry_block: int


def check_tag(raw: bytes, location: int) -> int:
    """Check the tag, checksum, CRC and place of a descriptor; returns which descriptor it is.

    Raises:
        VolumeError: 3102, it is damaged or belongs elsewhere.
    """
    if len(raw) < TAG.size:
        raise _damaged(location, "is cut off")
    identifier, _, checksum, _, _, crc, crc_bytes, own_location = TAG.unpack_from(raw)
    if (sum(raw[:16]) - raw[4]) & 0xFF != checksum:
        raise _damaged(location, "has a wrong checksum")
    if own_location != location:
        raise _damaged(location, f"says that it lies at {own_location}")
    if crc_bytes > len(raw) - 16 or crc_hqx(raw[16 : 16 + crc_bytes], 0) != crc:
        raise _damaged(location, "has a wrong CRC")
    return int(identifier)


def parse_file_entry(raw: bytes, block: int, partition_blocks: int) -> FileEntry:
    """The file entry in the sector `raw`, which was read at `block`.

    Raises:
        VolumeError: 3102, it is damaged; 3104, its extents or lengths are impossible.
    """
    if check_tag(raw, block) != tags.FILE_ENTRY:
        raise _damaged(block, "is not a file entry")
    strategy, kind, flags = struct.unpack_from("<4xH5xB6xH", raw, 16)
    (size_bytes,) = struct.unpack_from("<Q", raw, 56)
    attribute_bytes, address_bytes = struct.unpack_from("<II", raw, 168)
    if strategy != 4 or kind not in (4, 5) or flags & 7 > 1:
        raise _damaged(block, "is of a kind that no Stele volume has")
    start = FIXED_ENTRY_BYTES + attribute_bytes
    if start + address_bytes > SECTOR:
        raise _impossible(block, "is longer than its sector")
    try:
        mtime_ns = tags.unix_ns(raw[84:96])
    except (ValueError, OverflowError) as error:
        raise _damaged(block, f"has an impossible time: {error}") from error
    step = 16 if flags & 7 else 8
    addresses = raw[start : start + address_bytes // step * step]
    pairs = (struct.unpack_from("<II", addresses, at) for at in range(0, len(addresses), step))
    extents = tuple(_check_extents(pairs, block, partition_blocks))
    if sum(length for _, length in extents) != size_bytes:
        raise _impossible(block, "has extents that are not as long as the file")
    return FileEntry(kind == FOLDER_TYPE, size_bytes, mtime_ns, extents)


def _check_extents(
    pairs: Iterable[tuple[int, int]], block: int, partition_blocks: int
) -> Iterator[tuple[int, int]]:
    for length, first in pairs:
        if length == 0:
            return
        if length >> 30 or first + -(-length // SECTOR) > partition_blocks:
            raise _impossible(block, "has an extent outside the partition")
        yield first, length


def parse_identifiers(
    chunks: Iterable[bytes], where: str, on_damage: Callable[[VolumeError], None] | None = None
) -> Iterator[Identifier]:
    """The names in a folder's list; its parent and deleted names are passed over.

    The places that the tags name are not compared, since a list may lie in several extents. With
    `on_damage`, damage is told once a place, and reading goes on with the next whole name.

    Raises:
        VolumeError: 3102, an identifier is damaged; 3104, a name is impossible.
    """
    held, lost = b"", False
    for chunk in chunks:
        held += chunk
        at = 0
        while len(held) - at >= _FIXED_IDENTIFIER_BYTES:
            try:
                size = _identifier_bytes(held, at, where)
                if len(held) - at < size:
                    break
                identifier = _parse_identifier(held[at : at + size], where)
            except VolumeError as error:
                if on_damage is None:
                    raise
                if not lost:
                    on_damage(error)
                lost, at = True, _next_candidate(held, at + 4)
                continue
            lost = False
            at += size
            if identifier is not None:
                yield identifier
        held = held[at:]
    if held and not lost:
        cut = VolumeError(DAMAGED_METADATA, f"the list of folder {where!r} ends within a name")
        if on_damage is None:
            raise cut
        on_damage(cut)


def _identifier_bytes(held: bytes, at: int, where: str) -> int:
    """The length of the identifier that begins at `at`, if its tag and its lengths agree."""
    name_bytes, use_bytes = _LENGTHS.unpack_from(held, at + 19)
    size = (_FIXED_IDENTIFIER_BYTES + name_bytes + use_bytes + 3) & ~3
    kind, _, checksum, _, _, _, crc_bytes, _ = TAG.unpack_from(held, at)
    sealed = (sum(held[at : at + 16]) - checksum) & 0xFF == checksum
    if kind != tags.FILE_IDENTIFIER or not sealed or crc_bytes + 16 != size:
        raise VolumeError(DAMAGED_METADATA, f"the list of folder {where!r} is damaged")
    return int(size)


def _next_candidate(held: bytes, at: int) -> int:
    """Where the next identifier may begin; if there is none, near the end."""
    while (found := held.find(_IDENTIFIER_BEGINNING, at)) >= 0:
        if found % 4 == 0:
            return found
        at = found + 1
    return max(at, len(held) - _FIXED_IDENTIFIER_BYTES + 1 + 3 & ~3)


def _parse_identifier(raw: bytes, where: str) -> Identifier | None:
    check_tag(raw, TAG.unpack_from(raw)[-1])
    name_bytes, use_bytes = _LENGTHS.unpack_from(raw, 19)
    flags = raw[18]
    if flags & (_DELETED | _PARENT):
        return None
    (entry_block,) = struct.unpack_from("<I", raw, 24)
    start = _FIXED_IDENTIFIER_BYTES + use_bytes
    name = decode(raw[start : start + name_bytes])
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise VolumeError(HOSTILE, f"folder {where!r} has the impossible name {name!r}")
    return Identifier(name, bool(flags & 2), entry_block)


def _damaged(location: int, what: str) -> VolumeError:
    return VolumeError(DAMAGED_METADATA, f"the descriptor at {location} {what}")


def _impossible(block: int, what: str) -> VolumeError:
    return VolumeError(HOSTILE, f"the file entry at {block} {what}")
