"""The sectors before and behind the partition: ISO 9660 side, recognition, sequences, anchors."""

from hashlib import sha256

from appliance.volume.bag import README_EN, README_ZH
from appliance.volume.iso9660 import iso_sectors
from appliance.volume.layout import PARTITION_SECTOR, ROOT_ENTRY, Layout
from appliance.volume.plan_rules import created_at_ns
from appliance.volume.udf.tags import SECTOR
from appliance.volume.udf.volume_descriptors import (
    RECOGNITION,
    UdfVolume,
    anchor,
    file_set,
    integrity_sequence,
    sequence,
)

RECOGNITION_SECTOR = 18
MAIN_SEQUENCE_SECTOR = 32
INTEGRITY_SECTOR = 64
ANCHOR_SECTOR = 256
RESERVE_SEQUENCE_IN_TAIL = 64
_ISO_NAMES = (("README.TXT", README_EN), ("README_Z.TXT", README_ZH))


class Frame:
    """`sectors` are those that are not empty, by number; `file_set` the partition's first two."""

    def __init__(self, layout: Layout) -> None:
        volume = _volume(layout)
        last = layout.sectors - 1
        self.file_set = file_set(volume)
        self.sectors = _iso_side(layout)
        self.sectors |= dict(enumerate(RECOGNITION, RECOGNITION_SECTOR))
        for start in (volume.main_sequence, volume.reserve_sequence):
            self.sectors |= _by_sector(start, sequence(volume, start))
        self.sectors |= _by_sector(volume.integrity, integrity_sequence(volume))
        for sector in (ANCHOR_SECTOR, last - ANCHOR_SECTOR, last):
            self.sectors[sector] = anchor(volume, sector)


def _volume(layout: Layout) -> UdfVolume:
    identity = layout.plan.identity
    unique = sha256(identity.volume_id.encode()).hexdigest()[:16]
    return UdfVolume(
        label=identity.label,
        set_identifier=f"{unique} {identity.volume_id}",
        created_ns=created_at_ns(identity),
        main_sequence=MAIN_SEQUENCE_SECTOR,
        reserve_sequence=layout.partition_end + RESERVE_SEQUENCE_IN_TAIL,
        integrity=INTEGRITY_SECTOR,
        partition_start=PARTITION_SECTOR,
        partition_sectors=layout.partition_end - PARTITION_SECTOR,
        root_block=ROOT_ENTRY,
        files=len(layout.tags) + len(layout.plan.files),
        folders=1 + len(layout.tree.paths),
        next_unique_id=layout.next_unique_id,
    )


def _iso_side(layout: Layout) -> dict[int, bytes]:
    identity = layout.plan.identity
    placed = {
        tag.name: (PARTITION_SECTOR + block, tag.size_bytes)
        for tag, block in zip(layout.tags, layout.tag_blocks, strict=True)
    }
    readmes = [(iso_name, *placed[name]) for iso_name, name in _ISO_NAMES]
    return iso_sectors(identity.label, identity.created_at, layout.sectors, readmes)


def _by_sector(first: int, content: bytes) -> dict[int, bytes]:
    return {
        first + at // SECTOR: content[at : at + SECTOR] for at in range(0, len(content), SECTOR)
    }
