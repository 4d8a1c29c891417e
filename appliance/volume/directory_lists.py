"""The lists of file identifiers that make up the folders on the disc, generated where asked for."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from appliance.volume.tree import Tree
from appliance.volume.udf import cs0
from appliance.volume.udf.file_descriptors import (
    PARENT_IDENTIFIER_BYTES,
    file_identifier,
    identifier_bytes,
    parent_identifier,
)
from appliance.volume.udf.tags import SECTOR


class DirectoryLists:
    """A region: the list of folder 0, then of folder 1, …, each beginning at a sector.

    In a list come the parent, the folders, the files. Held are 4 bytes a file or folder: where in
    its folder's list it begins.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        count = len(tree.paths)
        self.list_bytes = array("Q", [0]) * count
        self.first_sectors = array("Q", [0]) * (count + 1)
        self._folder_offsets = array("I", [0]) * count
        self._file_offsets = array("I", [0]) * len(tree.plan.files)
        for number in range(count):
            self.list_bytes[number] = size = self._measure(number)
            self.first_sectors[number + 1] = self.first_sectors[number] + -(-size // SECTOR)
        self.size_bytes = self.first_sectors[count] * SECTOR
        self._first_block = self._folder_entries = self._file_entries = self._root_entry = 0

    def place(self, first_block: int, folder_entries: int, file_entries: int, root: int) -> None:
        """Say at which block this region, the entries of folders and files, and the root's lie."""
        self._first_block, self._folder_entries = first_block, folder_entries
        self._file_entries, self._root_entry = file_entries, root

    def _measure(self, number: int) -> int:
        tree, offset = self._tree, PARENT_IDENTIFIER_BYTES
        for inner in tree.folders_in(number):
            self._folder_offsets[inner] = offset
            offset += identifier_bytes(len(cs0.encode(tree.disc_name_of_folder(inner))))
        for index in tree.files_in(number):
            self._file_offsets[index] = offset
            name = tree.disc_name_of_file(index)
            offset += identifier_bytes(len(name) + 1 if name.isascii() else len(cs0.encode(name)))
        return offset

    def read(self, offset: int, length: int) -> bytes:
        pieces = []
        while length > 0:
            number = bisect_right(self.first_sectors, offset // SECTOR) - 1
            start = offset - self.first_sectors[number] * SECTOR
            room = (self.first_sectors[number + 1] - self.first_sectors[number]) * SECTOR - start
            piece = self._read_list(number, start, min(length, room))
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)

    def _read_list(self, number: int, start: int, length: int) -> bytes:
        """Bytes of one list with the zeros after it, by making only the entries concerned."""
        stop = min(start + length, self.list_bytes[number])
        if start >= stop:
            return bytes(length)
        made = list(self._identifiers(number, start, stop))
        skip = start - made[0][0]
        return b"".join([raw for _, raw in made])[skip : skip + length].ljust(length, b"\0")

    def _identifiers(self, number: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Where each entry that lies in the range begins, and its bytes."""
        tree, block = self._tree, self._first_block + self.first_sectors[number]
        if start < PARENT_IDENTIFIER_BYTES:
            above = self._folder_entries + tree.parents[number] if number else self._root_entry
            yield 0, parent_identifier(block, above)
        folders = tree.folders_in(number) if start < self._folders_end(number) else range(0)
        for inner in _overlapping(self._folder_offsets, folders, start, stop):
            at, entry = self._folder_offsets[inner], self._folder_entries + inner
            name = cs0.encode(tree.disc_name_of_folder(inner))
            yield at, file_identifier(block + at // SECTOR, entry, name, folder=True)
        for index in _overlapping(self._file_offsets, tree.files_in(number), start, stop):
            at, entry = self._file_offsets[index], self._file_entries + index
            name = cs0.encode(tree.disc_name_of_file(index))
            yield at, file_identifier(block + at // SECTOR, entry, name, folder=False)

    def _folders_end(self, number: int) -> int:
        files = self._tree.files_in(number)
        return self._file_offsets[files.start] if files else self.list_bytes[number]


def _overlapping(offsets: "array[int]", items: range, start: int, stop: int) -> range:
    """The items whose entries may overlap the range; one that begins before it may reach in."""
    first = bisect_right(offsets, start, items.start, items.stop) - 1
    last = bisect_right(offsets, stop - 1, items.start, items.stop)
    return range(max(first, items.start), last)
