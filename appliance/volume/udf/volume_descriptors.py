"""The descriptors of a UDF volume, each as one sector: who it is, where its partition lies."""

import struct
from dataclasses import dataclass

from appliance.volume.udf import tags
from appliance.volume.udf.cs0 import encode_dstring
from appliance.volume.udf.tags import SECTOR, entity, extent, in_sector, long_address, tagged

SEQUENCE_SECTORS = 16
RECOGNITION = tuple(
    (b"\0" + name + b"\1").ljust(SECTOR, b"\0") for name in (b"BEA01", b"NSR02", b"TEA01")
)


@dataclass(frozen=True)
class UdfVolume:
    """What the descriptors say. Positions in sectors of the image; times in ns since 1970."""

    label: str
    set_identifier: str
    created_ns: int
    main_sequence: int
    reserve_sequence: int
    integrity: int
    partition_start: int
    partition_sectors: int
    root_block: int
    files: int
    folders: int
    next_unique_id: int


def anchor(volume: UdfVolume, sector: int) -> bytes:
    """The anchor, from which a reader finds both descriptor sequences."""
    length = SEQUENCE_SECTORS * SECTOR
    body = extent(length, volume.main_sequence) + extent(length, volume.reserve_sequence)
    return in_sector(tagged(tags.ANCHOR, sector, body + bytes(480)))


def sequence(volume: UdfVolume, start: int) -> bytes:
    """A whole volume descriptor sequence that begins at sector `start`."""
    descriptors = (
        (tags.PRIMARY_VOLUME, _primary(volume)),
        (tags.IMPLEMENTATION_USE, _implementation_use(volume)),
        (tags.PARTITION, _partition(volume)),
        (tags.LOGICAL_VOLUME, _logical_volume(volume)),
        (tags.UNALLOCATED_SPACE, struct.pack("<II", 4, 0)),
        (tags.TERMINATOR, bytes(496)),
    )
    return b"".join(
        in_sector(tagged(identifier, start + index, body))
        for index, (identifier, body) in enumerate(descriptors)
    ).ljust(SEQUENCE_SECTORS * SECTOR, b"\0")


def integrity_sequence(volume: UdfVolume) -> bytes:
    """Two sectors: the volume is closed, full, and has so many files; then the end."""
    body = b"".join(
        (
            tags.timestamp(volume.created_ns),
            struct.pack("<I8x", 1),
            struct.pack("<Q24x", volume.next_unique_id),
            struct.pack("<IIII", 1, 46, 0, volume.partition_sectors),
            tags.IMPLEMENTATION,
            struct.pack("<II", volume.files, volume.folders),
            struct.pack("<HHH", tags.REVISION, tags.REVISION, tags.REVISION),
        )
    )
    end = tagged(tags.TERMINATOR, volume.integrity + 1, bytes(496))
    return in_sector(tagged(tags.INTEGRITY, volume.integrity, body)) + in_sector(end)


def file_set(volume: UdfVolume) -> bytes:
    """Two blocks, at the beginning of the partition: the file set with its root, and the end."""
    body = b"".join(
        (
            tags.timestamp(volume.created_ns),
            struct.pack("<HHIIII", 3, 3, 1, 1, 0, 0),
            tags.OSTA_CHARSPEC,
            encode_dstring(volume.label, 128),
            tags.OSTA_CHARSPEC,
            encode_dstring(volume.label, 32),
            bytes(64),
            long_address(SECTOR, volume.root_block),
            tags.DOMAIN,
            bytes(16 + 48),
        )
    )
    end = tagged(tags.TERMINATOR, 1, bytes(496))
    return in_sector(tagged(tags.FILE_SET, 0, body)) + in_sector(end)


def _primary(volume: UdfVolume) -> bytes:
    return b"".join(
        (
            struct.pack("<II", 0, 0),
            encode_dstring(volume.label, 32),
            struct.pack("<HHHHII", 1, 1, 2, 2, 1, 1),
            encode_dstring(volume.set_identifier, 128),
            tags.OSTA_CHARSPEC,
            tags.OSTA_CHARSPEC,
            bytes(16),
            tags.IMPLEMENTATION,
            tags.timestamp(volume.created_ns),
            tags.IMPLEMENTATION,
            bytes(64 + 4 + 2 + 22),
        )
    )


def _implementation_use(volume: UdfVolume) -> bytes:
    return b"".join(
        (
            struct.pack("<I", 1),
            tags.LV_INFO,
            tags.OSTA_CHARSPEC,
            encode_dstring(volume.label, 128),
            bytes(3 * 36),
            tags.IMPLEMENTATION,
            bytes(128),
        )
    )


def _partition(volume: UdfVolume) -> bytes:
    return b"".join(
        (
            struct.pack("<IHH", 2, 1, 0),
            entity(b"+NSR02"),
            bytes(128),
            struct.pack("<III", 1, volume.partition_start, volume.partition_sectors),
            tags.IMPLEMENTATION,
            bytes(128 + 156),
        )
    )


def _logical_volume(volume: UdfVolume) -> bytes:
    return b"".join(
        (
            struct.pack("<I", 3),
            tags.OSTA_CHARSPEC,
            encode_dstring(volume.label, 128),
            struct.pack("<I", SECTOR),
            tags.DOMAIN,
            long_address(2 * SECTOR, 0),
            struct.pack("<II", 6, 1),
            tags.IMPLEMENTATION,
            bytes(128),
            extent(2 * SECTOR, volume.integrity),
            struct.pack("<BBHH", 1, 6, 1, 0),
        )
    )
