"""The image of a disc as a pure function of its plan: any byte of it, whenever asked."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator

from appliance.volume.bag import payload_bytes
from appliance.volume.errors import PAYLOAD_LENGTH, VolumeError
from appliance.volume.frame import Frame
from appliance.volume.layout import PARTITION_SECTOR, Layout
from appliance.volume.plan import VolumePlan
from appliance.volume.plan_rules import check_plan
from appliance.volume.regions import FixedBytes, Region, Sectors, padded
from appliance.volume.udf.tags import SECTOR

ZERO_SECTOR = bytes(SECTOR)

Payload = Callable[[int, int, int], bytes]
"""`payload(file_index, offset, length)`: bytes of a file of the plan."""


class Image:
    """The image of one plan. Holds some bytes a file besides the plan, and no content.

    Before `payload_offset` and from `payload_end` on, every byte follows from the plan alone.

    Raises:
        VolumeError: 3001, the plan is not canonical; 3002, no UDF volume can hold it.
    """

    def __init__(self, plan: VolumePlan) -> None:
        check_plan(plan)
        self.plan = plan
        self.payload_bytes = payload_bytes(plan)
        self._layout = layout = Layout(plan)
        self.size_bytes = layout.sectors * SECTOR
        self.payload_offset = (PARTITION_SECTOR + layout.payload_block) * SECTOR
        self.payload_end = (PARTITION_SECTOR + layout.end_block) * SECTOR
        self._payload_region = FixedBytes(b"", self.payload_end - self.payload_offset)
        self._regions = self._build_regions()
        self._starts = array("Q")
        start = 0
        for region in self._regions:
            self._starts.append(start)
            start += region.size_bytes

    def extent(self, index: int) -> tuple[int, int]:
        """Where in the image the file `plan.files[index]` lies: byte offset and size."""
        offset = (PARTITION_SECTOR + self._layout.file_blocks[index]) * SECTOR
        return offset, self.plan.files[index].size_bytes

    def file_at(self, offset: int) -> int:
        """The index of the last file that begins at or before `offset` of the image; -1: none."""
        block = offset // SECTOR - PARTITION_SECTOR
        return bisect_right(self._layout.file_blocks, block) - 1 if block >= 0 else -1

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

    def _build_regions(self) -> list[Region]:
        """All regions from sector 0 to the end of the image."""
        layout = self._layout
        frame = Frame(layout)
        behind = self.payload_end // SECTOR
        return [
            Sectors(PARTITION_SECTOR, lambda sector: frame.sectors.get(sector, ZERO_SECTOR)),
            FixedBytes(frame.file_set + layout.root(), layout.folder_entries * SECTOR),
            Sectors(len(layout.tree.paths), layout.folder_entry),
            Sectors(len(self.plan.files), layout.file_entry),
            layout.lists,
            *(tag.region for tag in layout.tags),
            self._payload_region,
            Sectors(
                layout.sectors - behind,
                lambda sector: frame.sectors.get(behind + sector, ZERO_SECTOR),
            ),
        ]


def _no_payload(_index: int, _offset: int, _length: int) -> bytes:
    raise ValueError("the range reaches into the payload")
