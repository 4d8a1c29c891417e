"""What the file entries of an untrusted disc say, and what their neighbours say of a lost one."""

from appliance.volume.entry import Entry
from appliance.volume.errors import HOSTILE, VolumeError
from appliance.volume.layout import TAG_ENTRIES
from appliance.volume.medium import Medium
from appliance.volume.recovery import list_by_neighbours
from appliance.volume.udf.parsing import FileEntry, parse_file_entry
from appliance.volume.udf.recognition import Partition
from appliance.volume.udf.tags import SECTOR

_NO_TIME_NS = 0


class FileEntries:
    """The file entries in a partition, by block.

    Raises (every method):
        VolumeError: 3102, 3106, an entry is damaged; 3103, it is cut off; 3104, it is impossible.
    """

    def __init__(self, medium: Medium, partition: Partition) -> None:
        self._medium = medium
        self._partition = partition

    def read(self, block: int) -> FileEntry:
        """The entry as it stands there; extents are blocks and lengths in bytes."""
        raw = self._medium.sector(self._partition.start + block)
        return parse_file_entry(raw, block, self._partition.blocks)

    def named(self, path: str, disc_path: str, block: int) -> Entry:
        """The entry of a file or folder whose name is known."""
        start = self._partition.start
        if block >= self._partition.blocks:
            raise VolumeError(HOSTILE, f"{disc_path[:200]!r} is described outside the partition")
        found = self.read(block)
        extents = tuple(((start + first) * SECTOR, length) for first, length in found.extents)
        return Entry(
            path, disc_path, found.folder, found.size_bytes, found.mtime_ns, extents, block
        )

    def lost_folder(self, path: str, disc_path: str, block: int) -> Entry:
        """A folder whose entry at `block` is damaged, with the list that its neighbours leave."""
        start = self._partition.start
        behind_lists = self.read(TAG_ENTRIES).extents[:1] or ((0, 0),)
        first, length = list_by_neighbours(
            block, self.read, lambda at: self._medium.sector(start + at), behind_lists[0][0]
        )
        extents = (((start + first) * SECTOR, length),)
        return Entry(path, disc_path, True, length, _NO_TIME_NS, extents, block)
