"""Damage that passes the checks: a descriptor changed and its CRC and checksum made right again."""

import struct
from binascii import crc_hqx


def reseal(image: bytearray, offset: int) -> None:
    """Make the tag of the descriptor at `offset` valid for what it now holds."""
    (crc_bytes,) = struct.unpack_from("<H", image, offset + 10)
    crc = crc_hqx(bytes(image[offset + 16 : offset + 16 + crc_bytes]), 0)
    struct.pack_into("<H", image, offset + 8, crc)
    image[offset + 4] = 0
    image[offset + 4] = sum(image[offset : offset + 16]) & 0xFF


def patch(image: bytes, offset: int, at: int, fmt: str, *values: int) -> bytes:
    """The image with fields of the descriptor at `offset` replaced, sealed again."""
    changed = bytearray(image)
    struct.pack_into(fmt, changed, offset + at, *values)
    reseal(changed, offset)
    return bytes(changed)


def descriptors(image: bytes, kind: int) -> list[int]:
    """Byte offsets of the sectors that begin with a descriptor of that tag."""
    starts = range(0, len(image), 2048)
    return [
        at for at in starts if struct.unpack_from("<H", image, at)[0] == kind and image[at + 2] == 2
    ]
