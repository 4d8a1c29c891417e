"""Where everything lies in the image of a plan, and the descriptors that say so."""

from array import array

from appliance.volume.bag import tag_files
from appliance.volume.directory_lists import DirectoryLists
from appliance.volume.errors import VOLUME_TOO_LARGE, VolumeError
from appliance.volume.plan import VolumePlan
from appliance.volume.plan_rules import created_at_ns
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

CLUSTER_SECTORS = 32
PARTITION_SECTOR = 288
TAIL_SECTORS = 288
IMAGE_SECTORS_MAX = 2**32 - 1
FIRST_UNIQUE_ID = 16
LINKS_MAX = 2**16 - 1
ROOT_ENTRY, ROOT_LIST, TAG_ENTRIES = 2, 3, 4


class Layout:
    """Positions in the partition, as blocks; `partition_end` and `sectors` count from the image's
    beginning.

    Raises:
        VolumeError: 3002, no UDF volume can hold the plan.
    """

    def __init__(self, plan: VolumePlan) -> None:
        self.plan = plan
        self.tree = Tree(plan)
        self.tags = tag_files(self.tree)
        self.lists = DirectoryLists(self.tree)
        self.folder_entries = TAG_ENTRIES + len(self.tags)
        self.file_entries = self.folder_entries + len(self.tree.paths)
        self.first_list = self.file_entries + len(plan.files)
        self.lists.place(self.first_list, self.folder_entries, self.file_entries, ROOT_ENTRY)
        self.tag_blocks: list[int] = []
        block = self.first_list + self.lists.size_bytes // SECTOR
        for tag in self.tags:
            self.tag_blocks.append(block)
            block += tag.region.size_bytes // SECTOR
        self.payload_block = block
        self.file_blocks, self.end_block = _place_payload(plan, block)
        clusters = -(-(PARTITION_SECTOR + self.end_block) // CLUSTER_SECTORS)
        self.partition_end = clusters * CLUSTER_SECTORS
        self.sectors = self.partition_end + TAIL_SECTORS
        self._created_ns = created_at_ns(plan.identity)

    @property
    def next_unique_id(self) -> int:
        return FIRST_UNIQUE_ID + len(self.tags) + len(self.tree.paths) + len(self.plan.files)

    def root(self) -> bytes:
        """The root's file entry, its list of names, and the entries of the files in it."""
        names = [parent_identifier(ROOT_LIST, ROOT_ENTRY)]
        data_name = cs0.encode("data")
        names.append(file_identifier(ROOT_LIST, self.folder_entries, data_name, folder=True))
        entries = []
        for number, tag in enumerate(self.tags):
            at = TAG_ENTRIES + number
            names.append(file_identifier(ROOT_LIST, at, cs0.encode(tag.name), folder=False))
            entry = file_entry(
                FILE_TYPE,
                at,
                links=1,
                content=(self.tag_blocks[number], tag.size_bytes),
                mtime_ns=self._created_ns,
                unique_id=FIRST_UNIQUE_ID + number,
            )
            entries.append(entry)
        root_list = b"".join(names)
        root = file_entry(
            FOLDER_TYPE,
            ROOT_ENTRY,
            links=2,
            content=(ROOT_LIST, len(root_list)),
            mtime_ns=self._created_ns,
            unique_id=0,
        )
        return b"".join((root, root_list.ljust(SECTOR, b"\0"), *entries))

    def folder_entry(self, number: int) -> bytes:
        """The sector with the file entry of a folder of the tree."""
        first_block = self.first_list + self.lists.first_sectors[number]
        return file_entry(
            FOLDER_TYPE,
            self.folder_entries + number,
            links=min(1 + self.tree.folder_count[number], LINKS_MAX),
            content=(first_block, self.lists.list_bytes[number]),
            mtime_ns=self.tree.mtimes_ns[number],
            unique_id=FIRST_UNIQUE_ID + len(self.tags) + number,
        )

    def file_entry(self, index: int) -> bytes:
        """The sector with the file entry of a file of the plan."""
        file = self.plan.files[index]
        return file_entry(
            FILE_TYPE,
            self.file_entries + index,
            links=1,
            content=(self.file_blocks[index], file.size_bytes),
            mtime_ns=file.mtime_ns,
            unique_id=FIRST_UNIQUE_ID + len(self.tags) + len(self.tree.paths) + index,
        )


def _place_payload(plan: VolumePlan, block: int) -> tuple["array[int]", int]:
    """The first block of each file, one after the other, and the block after the last."""
    blocks = array("I")
    blocks_max = IMAGE_SECTORS_MAX - PARTITION_SECTOR - CLUSTER_SECTORS - TAIL_SECTORS
    for file in plan.files:
        if file.size_bytes > FILE_BYTES_MAX or block > blocks_max:
            raise VolumeError(VOLUME_TOO_LARGE, f"file {file.path!r} does not fit a UDF volume")
        blocks.append(block)
        block += -(-file.size_bytes // SECTOR)
    if block > blocks_max:
        raise VolumeError(VOLUME_TOO_LARGE, "the plan does not fit a UDF volume")
    return blocks, block
