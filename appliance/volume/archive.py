"""The pax archive of a plan's bag as a pure function of the plan: any byte, whenever asked.

A tape file is one such archive. Its members: the top folder, the files in the bag's root, then
each folder directly before its own files, in plan order; so `tar` sets the folders' times right.
"""

from array import array
from bisect import bisect_right

from appliance.volume import pax
from appliance.volume.bag import payload_bytes, tag_files
from appliance.volume.errors import PAYLOAD_LENGTH, VolumeError
from appliance.volume.form import Form, folder_name
from appliance.volume.image import Payload
from appliance.volume.names import order_of_folder
from appliance.volume.plan import VolumePlan
from appliance.volume.plan_rules import check_plan, created_at_ns
from appliance.volume.tree import Tree


class Archive:
    """The archive of one plan. Holds some bytes a file besides the plan, and no content.

    Every byte outside the files' extents follows from the plan alone.

    Raises:
        VolumeError: 3001, the plan is not canonical; 3002, it needs too many aliases.
    """

    def __init__(self, plan: VolumePlan) -> None:
        check_plan(plan)
        self.plan = plan
        self.payload_bytes = payload_bytes(plan)
        self._tree = Tree(plan)
        self._tags = tag_files(self._tree, Form.ARCHIVE)
        self._top = folder_name(plan.identity.volume_id)
        self._created_ns = created_at_ns(plan.identity)
        self._first_folder = 1 + len(self._tags)
        self._place_folders()
        self._count = self._first_folder + len(self._tree.paths) + len(plan.files)
        self._starts = array("Q")
        at = 0
        for number in range(self._count):
            self._starts.append(at)
            member = self._member(number)
            at += len(pax.header(member)) + pax.blocks(member.size_bytes)
        self._starts.append(at)
        self.size_bytes = -(-(at + 2 * pax.BLOCK) // pax.RECORD) * pax.RECORD

    def extent(self, index: int) -> tuple[int, int]:
        """Where in the archive the file `plan.files[index]` lies: byte offset and size."""
        size_bytes = self.plan.files[index].size_bytes
        number = self._first_folder + self._ranks[self._tree.file_folders[index]] + 1 + index
        return self._starts[number + 1] - pax.blocks(size_bytes), size_bytes

    def read(self, offset: int, length: int, payload: Payload) -> bytes:
        """Any range of the archive.

        Raises:
            VolumeError: 3004, `payload` returned another number of bytes than it was asked for.
        """
        if offset < 0 or length < 0 or offset + length > self.size_bytes:
            raise ValueError(f"range {offset}+{length} is outside the archive")
        pieces: list[bytes] = []
        end = offset + length
        number = bisect_right(self._starts, offset) - 1
        while offset < end and number < self._count:
            stop = min(end, self._starts[number + 1])
            pieces += self._pieces(number, offset, stop, payload)
            offset = stop
            number += 1
        pieces.append(bytes(end - offset))
        return b"".join(pieces)

    def read_metadata(self, offset: int, length: int) -> bytes:
        """A range that holds nothing of any file's content."""
        return self.read(offset, length, _no_payload)

    def _pieces(self, number: int, offset: int, stop: int, payload: Payload) -> list[bytes]:
        """The bytes from `offset` to `stop`, all of one member."""
        member, start = self._member(number), self._starts[number]
        content = self._starts[number + 1] - pax.blocks(member.size_bytes)
        pieces: list[bytes] = []
        if offset < content:
            take = min(stop, content)
            pieces.append(pax.header(member)[offset - start : take - start])
            offset = take
        take = min(stop, content + member.size_bytes) - offset
        if take > 0:
            pieces.append(self._content(number, offset - content, take, payload))
            offset += take
        pieces.append(bytes(stop - offset))
        return pieces

    def _content(self, number: int, offset: int, length: int, payload: Payload) -> bytes:
        if number < self._first_folder:
            return self._tags[number - 1].region.read(offset, length)
        index = self._place(number)[1]
        piece = payload(index, offset, length)
        if len(piece) != length:
            path = self.plan.files[index].path
            raise VolumeError(PAYLOAD_LENGTH, f"content of {path!r} is not of planned length")
        return piece

    def _place_folders(self) -> None:
        """Number the folders as a walk meets them: `_ranks` by folder, `_members` by rank."""
        tree = self._tree
        count = len(tree.paths)
        self._order = array("I", sorted(range(count), key=lambda n: order_of_folder(tree.paths[n])))
        self._ranks = array("I", [0]) * count
        self._members = array("I")
        number = self._first_folder
        for rank, folder in enumerate(self._order):
            self._ranks[folder] = rank
            self._members.append(number)
            number += 1 + tree.file_count[folder]

    def _place(self, number: int) -> tuple[int, int]:
        """Of a member behind the root's files: the folder's number and -1, or -1 and the file's."""
        rank = bisect_right(self._members, number) - 1
        if self._members[rank] == number:
            return self._order[rank], -1
        return -1, number - self._first_folder - rank - 1

    def _member(self, number: int) -> pax.Member:
        if number >= self._first_folder:
            folder, index = self._place(number)
            if folder >= 0:
                path = f"{self._top}/{self._tree.disc_path_of_folder(folder)}/"
                return pax.Member(path, 0, self._tree.mtimes_ns[folder])
            file = self.plan.files[index]
            path = f"{self._top}/{self._tree.disc_path_of_file(index)}"
            return pax.Member(path, file.size_bytes, file.mtime_ns)
        if number:
            tag = self._tags[number - 1]
            return pax.Member(f"{self._top}/{tag.name}", tag.size_bytes, self._created_ns)
        return pax.Member(f"{self._top}/", 0, self._created_ns)


def _no_payload(_index: int, _offset: int, _length: int) -> bytes:
    raise ValueError("the range reaches into a file's content")
