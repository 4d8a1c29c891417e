"""From an anchor to the root: where the partition of an untrusted disc lies."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from appliance.volume.errors import (
    DAMAGE,
    DAMAGED_METADATA,
    NOT_A_VOLUME,
    TRUNCATED,
    VolumeError,
)
from appliance.volume.udf import tags
from appliance.volume.udf.parsing import check_tag
from appliance.volume.udf.tags import SECTOR

_SEQUENCE_SECTORS_MAX = 64
ReadSector = Callable[[int], bytes]


@dataclass(frozen=True)
class Partition:
    """`start` in sectors of the disc, `blocks` its length, `root_block` the root's file entry."""

    start: int
    blocks: int
    root_block: int


def find_partition(read_sector: ReadSector, sectors: int, usual_root: int) -> Partition:
    """Follow each anchor and both descriptor sequences until one leads to a partition.

    Where the file set is damaged, the root is taken to be at the block `usual_root`. The disc may
    end before the partition does.

    Raises:
        VolumeError: 3101, there is no anchor; 3102, 3106, all that there is is damaged; 3103, the
            disc ends before the descriptors do.
    """
    failure = VolumeError(NOT_A_VOLUME, "there is no UDF anchor on the disc")
    for anchor_sector in (256, sectors - 1, sectors - 257):
        if not 0 <= anchor_sector < sectors:
            continue
        try:
            anchor = _read(read_sector, anchor_sector, tags.ANCHOR)
        except VolumeError:
            continue
        for at in (16, 24):
            length_bytes, first = struct.unpack_from("<II", anchor, at)
            try:
                return _follow(read_sector, sectors, (first, length_bytes // SECTOR), usual_root)
            except VolumeError as error:
                failure = error
    raise failure


def _follow(
    read_sector: ReadSector, sectors: int, sequence: tuple[int, int], usual_root: int
) -> Partition:
    partition: bytes | None = None
    volume: bytes | None = None
    first, count = sequence
    for sector in range(first, first + min(count, _SEQUENCE_SECTORS_MAX)):
        raw = _read_within(read_sector, sector, sectors)
        kind = check_tag(raw, sector)
        if kind == tags.PARTITION:
            partition = raw
        elif kind == tags.LOGICAL_VOLUME:
            volume = raw
        elif kind == tags.TERMINATOR:
            break
    if partition is None or volume is None:
        raise VolumeError(DAMAGED_METADATA, "the descriptor sequence names no partition")
    start, blocks = struct.unpack_from("<II", partition, 188)
    block_bytes, file_set_bytes, file_set = struct.unpack_from("<I32xII", volume, 212)
    if block_bytes != SECTOR or file_set_bytes < SECTOR or file_set >= blocks:
        raise VolumeError(DAMAGED_METADATA, "the logical volume's description is impossible")
    return Partition(start, blocks, _root_block(read_sector, start, file_set, usual_root))


def _root_block(read_sector: ReadSector, start: int, file_set: int, usual: int) -> int:
    try:
        raw = read_sector(start + file_set)
        if check_tag(raw, file_set) != tags.FILE_SET:
            return usual
    except VolumeError as error:
        if error.code not in DAMAGE:
            raise
        return usual
    return int(struct.unpack_from("<I", raw, 404)[0])


def _read(read_sector: ReadSector, sector: int, kind: int) -> bytes:
    raw = read_sector(sector)
    if check_tag(raw, sector) != kind:
        raise VolumeError(DAMAGED_METADATA, f"sector {sector} holds another descriptor")
    return raw


def _read_within(read_sector: ReadSector, sector: int, sectors: int) -> bytes:
    if sector >= sectors:
        raise VolumeError(TRUNCATED, f"the disc ends before sector {sector}")
    return read_sector(sector)
