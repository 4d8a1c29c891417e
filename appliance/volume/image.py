"""The image of a disc as a pure function of its plan: where everything lies, and any byte of it."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from hashlib import sha256

from appliance.volume.bag import README_EN, README_ZH, payload_bytes, tag_files
from appliance.volume.directory_lists import DirectoryLists
from appliance.volume.errors import PAYLOAD_LENGTH, VOLUME_TOO_LARGE, VolumeError
from appliance.volume.iso9660 import iso_sectors
from appliance.volume.plan import VolumePlan
from appliance.volume.plan_rules import check_plan, created_at_ns
from appliance.volume.regions import FixedBytes, Region, Sectors
from appliance.volume.tree import Tree
from appliance.volume.udf import cs0
from appliance.volume.udf.file_descriptors import (
    FILE_BYTES_MAX,
    FILE_TYPE,
    FOLDER_TYPE,
    file_entry,
    file_identifier,
    parent_identifier,
)
from appliance.volume.udf.tags import SECTOR
from appliance.volume.udf.volume_descriptors import (
    RECOGNITION,
    UdfVolume,
    anchor,
    file_set,
    integrity_sequence,
    sequence,
)

CLUSTER_SECTORS = 32
RECOGNITION_SECTOR = 18
MAIN_SEQUENCE_SECTOR = 32
INTEGRITY_SECTOR = 64
ANCHOR_SECTOR = 256
PARTITION_SECTOR = 288
TAIL_SECTORS = 288
RESERVE_SEQUENCE_IN_TAIL = 64
ZERO_SECTOR = bytes(SECTOR)
ISO_README_NAMES = (("README.TXT", README_EN), ("README_Z.TXT", README_ZH))
IMAGE_SECTORS_MAX = 2**32 - 1
FIRST_UNIQUE_ID = 16

_ROOT_ENTRY, _ROOT_LIST, _TAG_ENTRIES = 2, 3, 4

Payload = Callable[[int, int, int], bytes]
"""`payload(file_index, offset, length)`: bytes of a file of the plan."""


class Image:
    """The layout of one plan's image. Holds some bytes a file besides the plan, no content.

    Raises:
        VolumeError: 3001, the plan is not canonical; 3002, no UDF volume can hold it.
    """

    def __init__(self, plan: VolumePlan) -> None:
        check_plan(plan)
        self.plan = plan
        self.payload_bytes = payload_bytes(plan)
        self._tree = tree = Tree(plan)
        self._tags = tag_files(tree)
        self._lists = DirectoryLists(tree)
        folders, files = len(tree.paths), len(plan.files)
        self._folder_entries = _TAG_ENTRIES + len(self._tags)
        self._file_entries = self._folder_entries + folders
        self._first_list = self._file_entries + files
        block = self._first_list + self._lists.size_bytes // SECTOR
        self._lists.place(self._first_list, self._folder_entries, self._file_entries, _ROOT_ENTRY)
        self._tag_blocks = []
        for tag in self._tags:
            self._tag_blocks.append(block)
            block += tag.region.size_bytes // SECTOR
        self._file_blocks, end_block = _place_payload(plan, block)
        self.payload_offset = (PARTITION_SECTOR + block) * SECTOR
        self.payload_end = (PARTITION_SECTOR + end_block) * SECTOR
        partition_end = -(-(PARTITION_SECTOR + end_block) // CLUSTER_SECTORS) * CLUSTER_SECTORS
        self.size_bytes = (partition_end + TAIL_SECTORS) * SECTOR
        self._payload_region = FixedBytes(b"", self.payload_end - self.payload_offset)
        self._regions = self._build_regions(partition_end)
        self._starts = array("Q")
        start = 0
        for region in self._regions:
            self._starts.append(start)
            start += region.size_bytes

    def extent(self, index: int) -> tuple[int, int]:
        """Where in the image the file `plan.files[index]` lies: byte offset and size."""
        offset = (PARTITION_SECTOR + self._file_blocks[index]) * SECTOR
        return offset, self.plan.files[index].size_bytes

    def file_at(self, offset: int) -> int:
        """The index of the last file that begins at or before `offset` of the image; -1: none."""
        block = offset // SECTOR - PARTITION_SECTOR
        return bisect_right(self._file_blocks, block) - 1 if block >= 0 else -1

    def read(self, offset: int, length: int, payload: Payload) -> bytes:
        """Any range of the image.

        Raises:
            VolumeError: 3004, `payload` returned another number of bytes than it was asked for.
        """
        if offset < 0 or length < 0 or offset + length > self.size_bytes:
            raise ValueError(f"range {offset}+{length} is outside the image")
        pieces: list[bytes] = []
        number = bisect_right(self._starts, offset) - 1
        while length > 0:
            start, region = self._starts[number], self._regions[number]
            within = offset - start
            take = min(length, region.size_bytes - within)
            if region is self._payload_region:
                pieces += self._payload_pieces(offset, take, payload)
            else:
                pieces.append(region.read(within, take))
            offset += take
            length -= take
            number += 1
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_metadata(self, offset: int, length: int) -> bytes:
        """A range outside the payload, that is before `payload_offset` or from `payload_end` on."""
        return self.read(offset, length, _no_payload)

    def _payload_pieces(self, offset: int, length: int, payload: Payload) -> Iterator[bytes]:
        index = self.file_at(offset)
        end = offset + length
        while offset < end:
            start, size = self.extent(index)
            if offset < start + size:
                take = min(end, start + size) - offset
                piece = payload(index, offset - start, take)
                if len(piece) != take:
                    path = self.plan.files[index].path
                    raise VolumeError(
                        PAYLOAD_LENGTH, f"content of {path!r} is not of planned length"
                    )
                yield piece
                offset += take
            padding = min(end, start + padded(size)) - offset
            if padding > 0:
                yield bytes(padding)
                offset += padding
            index += 1

    def _build_regions(self, partition_end: int) -> list[Region]:
        """All regions from sector 0 to the end of the image."""
        front, tail = self._frame(partition_end)
        tail_start = self.payload_end // SECTOR
        tree, tags = self._tree, len(self._tags)
        return [
            Sectors(PARTITION_SECTOR, lambda sector: front.get(sector, ZERO_SECTOR)),
            FixedBytes(self._root(), self._folder_entries * SECTOR),
            Sectors(len(tree.paths), lambda number: self._folder_entry(number, tags)),
            Sectors(len(self.plan.files), lambda index: self._file_entry(index, tags)),
            self._lists,
            *(tag.region for tag in self._tags),
            self._payload_region,
            Sectors(
                self.size_bytes // SECTOR - tail_start,
                lambda sector: tail.get(tail_start + sector, ZERO_SECTOR),
            ),
        ]

    def _frame(self, partition_end: int) -> tuple[dict[int, bytes], dict[int, bytes]]:
        """The sectors before and after the partition that are not empty, by number."""
        identity, total = self.plan.identity, self.size_bytes // SECTOR
        volume = UdfVolume(
            label=identity.label,
            set_identifier=f"{sha256(identity.volume_id.encode()).hexdigest()[:16]} "
            f"{identity.volume_id}"[:126],
            created_ns=created_at_ns(identity),
            main_sequence=MAIN_SEQUENCE_SECTOR,
            reserve_sequence=partition_end + RESERVE_SEQUENCE_IN_TAIL,
            integrity=INTEGRITY_SECTOR,
            partition_start=PARTITION_SECTOR,
            partition_sectors=partition_end - PARTITION_SECTOR,
            root_block=_ROOT_ENTRY,
            files=len(self._tags) + len(self.plan.files),
            folders=1 + len(self._tree.paths),
            next_unique_id=FIRST_UNIQUE_ID
            + len(self._tags)
            + len(self._tree.paths)
            + len(self.plan.files),
        )
        readmes = [
            (iso_name, PARTITION_SECTOR + block, tag.size_bytes)
            for iso_name, name in ISO_README_NAMES
            for tag, block in zip(self._tags, self._tag_blocks, strict=True)
            if tag.name == name
        ]
        front = iso_sectors(identity.label, identity.created_at, total, readmes)
        front |= dict(enumerate(RECOGNITION, RECOGNITION_SECTOR))
        front |= _by_sector(MAIN_SEQUENCE_SECTOR, sequence(volume, MAIN_SEQUENCE_SECTOR))
        front |= _by_sector(INTEGRITY_SECTOR, integrity_sequence(volume))
        front[ANCHOR_SECTOR] = anchor(volume, ANCHOR_SECTOR)
        tail = _by_sector(volume.reserve_sequence, sequence(volume, volume.reserve_sequence))
        for sector in (total - 1 - ANCHOR_SECTOR, total - 1):
            tail[sector] = anchor(volume, sector)
        self._file_set = file_set(volume)
        return front, tail

    def _root(self) -> bytes:
        """The first blocks of the partition: file set, root and its list, entries of tag files."""
        created_ns = created_at_ns(self.plan.identity)
        names = [parent_identifier(_ROOT_LIST, _ROOT_ENTRY)]
        data_name = cs0.encode("data")
        names.append(file_identifier(_ROOT_LIST, self._folder_entries, data_name, folder=True))
        entries = []
        for number, (tag, block) in enumerate(zip(self._tags, self._tag_blocks, strict=True)):
            at = _TAG_ENTRIES + number
            names.append(file_identifier(_ROOT_LIST, at, cs0.encode(tag.name), folder=False))
            entries.append(
                file_entry(
                    FILE_TYPE,
                    at,
                    links=1,
                    content=(block, tag.size_bytes),
                    mtime_ns=created_ns,
                    unique_id=FIRST_UNIQUE_ID + number,
                )
            )
        root_list = b"".join(names)
        content = (_ROOT_LIST, len(root_list))
        root = file_entry(
            FOLDER_TYPE, _ROOT_ENTRY, links=2, content=content, mtime_ns=created_ns, unique_id=0
        )
        return b"".join((self._file_set, root, root_list.ljust(SECTOR, b"\0"), *entries))

    def _folder_entry(self, number: int, tags: int) -> bytes:
        first_block = self._first_list + self._lists.first_sectors[number]
        return file_entry(
            FOLDER_TYPE,
            self._folder_entries + number,
            links=1 + self._tree.folder_count[number],
            content=(first_block, self._lists.list_bytes[number]),
            mtime_ns=self._tree.mtimes_ns[number],
            unique_id=FIRST_UNIQUE_ID + tags + number,
        )

    def _file_entry(self, index: int, tags: int) -> bytes:
        file = self.plan.files[index]
        return file_entry(
            FILE_TYPE,
            self._file_entries + index,
            links=1,
            content=(self._file_blocks[index], file.size_bytes),
            mtime_ns=file.mtime_ns,
            unique_id=FIRST_UNIQUE_ID + tags + len(self._tree.paths) + index,
        )


def padded(size_bytes: int) -> int:
    """The size in whole sectors, in bytes."""
    return -(-size_bytes // SECTOR) * SECTOR


def _no_payload(_index: int, _offset: int, _length: int) -> bytes:
    raise ValueError("the range reaches into the payload")


def _by_sector(first: int, content: bytes) -> dict[int, bytes]:
    return {
        first + at // SECTOR: content[at : at + SECTOR] for at in range(0, len(content), SECTOR)
    }


def _place_payload(plan: VolumePlan, block: int) -> tuple["array[int]", int]:
    """The first block of each file, one after the other, and the block after the last."""
    blocks = array("I")
    for file in plan.files:
        if file.size_bytes > FILE_BYTES_MAX or block > IMAGE_SECTORS_MAX - 2 * TAIL_SECTORS:
            raise VolumeError(VOLUME_TOO_LARGE, f"file {file.path!r} does not fit a UDF volume")
        blocks.append(block)
        block += -(-file.size_bytes // SECTOR)
    if block > IMAGE_SECTORS_MAX - 2 * TAIL_SECTORS:
        raise VolumeError(VOLUME_TOO_LARGE, "the plan does not fit a UDF volume")
    return blocks, block
