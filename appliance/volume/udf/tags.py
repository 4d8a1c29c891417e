"""The parts that every UDF descriptor is made of: tags, entity identifiers, times, addresses."""

import struct
from binascii import crc_hqx
from datetime import datetime, timedelta

SECTOR = 2048
REVISION = 0x0102
TAG_VERSION = 2
EXTENT_BYTES_MAX = 2**30 - SECTOR
"""The longest extent in whole sectors: the two top bits of a length are its type."""

PRIMARY_VOLUME = 1
ANCHOR = 2
IMPLEMENTATION_USE = 4
PARTITION = 5
LOGICAL_VOLUME = 6
UNALLOCATED_SPACE = 7
TERMINATOR = 8
INTEGRITY = 9
FILE_SET = 256
FILE_IDENTIFIER = 257
FILE_ENTRY = 261

OSTA_CHARSPEC = b"\0" + b"OSTA Compressed Unicode".ljust(63, b"\0")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UDF fields are filled in UTC; naive sums are faster
TAG = struct.Struct("<HHBBHHHI")
_TIME = struct.Struct("<HhBBBBBBBB")
_TYPE_LOCAL_OFFSET_0 = 1 << 12


def tagged(identifier: int, location: int, body: bytes) -> bytes:
    """A descriptor: its tag with checksum and CRC, then the body. `location` is its own block."""
    crc = crc_hqx(body, 0)
    head = TAG.pack(identifier, TAG_VERSION, 0, 0, 0, crc, len(body), location)
    return b"%b%c%b%b" % (head[:4], sum(head) & 0xFF, head[5:], body)


def entity(identifier: bytes, suffix: bytes = b"") -> bytes:
    """An entity identifier of 32 bytes."""
    return b"\0" + identifier.ljust(23, b"\0") + suffix.ljust(8, b"\0")


DOMAIN = entity(b"*OSTA UDF Compliant", struct.pack("<H", REVISION))
LV_INFO = entity(b"*UDF LV Info", struct.pack("<H", REVISION))
IMPLEMENTATION = entity(b"*Stele")


def timestamp(unix_ns: int) -> bytes:
    """A UDF time, UTC, of nanoseconds since 1970: exact to the microsecond."""
    when = EPOCH + timedelta(microseconds=unix_ns // 1000)
    hundredths, rest = divmod(when.microsecond, 10_000)
    return _TIME.pack(
        _TYPE_LOCAL_OFFSET_0,
        when.year,
        when.month,
        when.day,
        when.hour,
        when.minute,
        when.second,
        hundredths,
        *divmod(rest, 100),
    )


def unix_ns(raw: bytes) -> int:
    """Nanoseconds since 1970 of a UDF time.

    Raises:
        ValueError, OverflowError: the bytes are not a time.
    """
    kind, year, month, day, hour, minute, second, hundredths, hundreds_us, us = _TIME.unpack(raw)
    micro = hundredths * 10_000 + hundreds_us * 100 + us
    when = datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001 - see EPOCH
    offset_min = kind & 0xFFF
    if offset_min >= 0x800:
        offset_min -= 0x1000
    if offset_min == -2047:  # "not specified"
        offset_min = 0
    return (when - EPOCH - timedelta(minutes=offset_min)) // timedelta(microseconds=1) * 1000


def extent(length_bytes: int, sector: int) -> bytes:
    """extent_ad of a volume descriptor."""
    return struct.pack("<II", length_bytes, sector)


def long_address(length_bytes: int, block: int) -> bytes:
    """long_ad into the one partition."""
    return struct.pack("<IIH6x", length_bytes, block, 0)


def in_sector(descriptor: bytes) -> bytes:
    return descriptor.ljust(SECTOR, b"\0")
