"""The descriptors of files and folders: a file entry each, and a file identifier in the folder.

A million of these are made for one image, so what does not vary is prepared.
"""

import struct
from binascii import crc_hqx

from appliance.volume.udf import tags
from appliance.volume.udf.tags import EXTENT_BYTES_MAX, SECTOR, TAG, TAG_VERSION

FOLDER_TYPE = 4
FILE_TYPE = 5
FIXED_ENTRY_BYTES = 176
EXTENTS_MAX = (SECTOR - FIXED_ENTRY_BYTES) // 8
FILE_BYTES_MAX = EXTENTS_MAX * EXTENT_BYTES_MAX
PARENT_IDENTIFIER_BYTES = 40

_FOLDER_FLAG, _PARENT_FLAG = 2, 8
_NOBODY = 0xFFFFFFFF
_ALL_MAY_READ = 0b00100_00100_00100
_ALL_MAY_ENTER = 0b00101_00101_00101
_ENTRY_HEAD = {
    kind: struct.pack("<IHHHBB6xHIII", 0, 4, 0, 1, 0, kind, 0, _NOBODY, _NOBODY, permissions)
    for kind, permissions in ((FILE_TYPE, _ALL_MAY_READ), (FOLDER_TYPE, _ALL_MAY_ENTER))
}
_ENTRY_MIDDLE = struct.Struct("<HBBIQQ")
_ENTRY_CHECKPOINT = struct.pack("<I16x", 1) + tags.IMPLEMENTATION
_ENTRY_TAIL = struct.Struct("<QII")
_SHORT_ADDRESS = struct.Struct("<II")
_IDENTIFIER = struct.Struct("<HBBIIH6xH")


def file_entry(
    kind: int,
    block: int,
    *,
    links: int,
    content: tuple[int, int],
    mtime_ns: int,
    unique_id: int,
) -> bytes:
    """The sector at `block` that describes one file or folder.

    `content` is its first block and its size in bytes; `mtime_ns` nanoseconds since 1970.
    """
    first, size_bytes = content
    addresses = _addresses(size_bytes, first)
    time = tags.timestamp(mtime_ns)
    body = b"".join(
        (
            _ENTRY_HEAD[kind],
            _ENTRY_MIDDLE.pack(links, 0, 0, 0, size_bytes, -(-size_bytes // SECTOR)),
            time,
            time,
            time,
            _ENTRY_CHECKPOINT,
            _ENTRY_TAIL.pack(unique_id, 0, len(addresses)),
            addresses,
        )
    )
    return tags.tagged(tags.FILE_ENTRY, block, body).ljust(SECTOR, b"\0")


def _addresses(size_bytes: int, first: int) -> bytes:
    if size_bytes <= EXTENT_BYTES_MAX:
        return _SHORT_ADDRESS.pack(size_bytes, first) if size_bytes else b""
    pieces = []
    while size_bytes:
        length = min(size_bytes, EXTENT_BYTES_MAX)
        pieces.append(_SHORT_ADDRESS.pack(length, first))
        first += length // SECTOR
        size_bytes -= length
    return b"".join(pieces)


def identifier_bytes(encoded_name_bytes: int) -> int:
    """The length of a file identifier whose compressed name has so many bytes."""
    return (38 + encoded_name_bytes + 3) & ~3


def file_identifier(block: int, entry_block: int, encoded_name: bytes, *, folder: bool) -> bytes:
    """An entry of a folder's list that begins in `block` and points at a file entry."""
    flags = _FOLDER_FLAG if folder else 0
    return _identifier(block, entry_block, encoded_name, flags)


def parent_identifier(block: int, entry_block: int) -> bytes:
    """The first entry of a folder's list: its parent."""
    return _identifier(block, entry_block, b"", _FOLDER_FLAG | _PARENT_FLAG)


def _identifier(block: int, entry_block: int, encoded_name: bytes, flags: int) -> bytes:
    body = _IDENTIFIER.pack(1, flags, len(encoded_name), SECTOR, entry_block, 0, 0) + encoded_name
    body += bytes(-(len(body) + 16) % 4)
    crc = crc_hqx(body, 0)
    head = TAG.pack(tags.FILE_IDENTIFIER, TAG_VERSION, 0, 0, 0, crc, len(body), block)
    return b"%b%c%b%b" % (head[:4], sum(head) & 0xFF, head[5:], body)
