"""What a damaged disc still tells by its order alone: the root's files, the list of a folder.

On a volume the file entries lie in a fixed order and the lists of the folders in the same one, so
what one lost sector would have said follows from its neighbours.
"""

from collections.abc import Callable

from appliance.volume.bag import (
    NAMES_JSON,
    README_EN,
    README_ZH,
    manifest_name,
    tag_manifest_name,
)
from appliance.volume.document import VOLUME_JSON
from appliance.volume.errors import DAMAGED_METADATA, VolumeError
from appliance.volume.layout import TAG_ENTRIES
from appliance.volume.plan_rules import FILES_MAX
from appliance.volume.udf import tags
from appliance.volume.udf.parsing import FileEntry, check_tag
from appliance.volume.udf.tags import SECTOR

ReadEntry = Callable[[int], FileEntry]
"""The file entry at a block of the partition; its extents are blocks and lengths in bytes."""

_BEFORE = (README_EN, README_ZH, "bagit.txt", "bag-info.txt", VOLUME_JSON)
_DIGESTS = {False: ("sha256",), True: ("sha256", "sm3")}


def root_by_order(read_entry: ReadEntry) -> dict[str, int]:
    """The blocks of the file entries in the root, by name, without the root's own list.

    Raises:
        VolumeError: 3102, these are not the entries of a volume's root.
    """
    count = 0
    while not read_entry(TAG_ENTRIES + count).folder:
        count += 1
        if count > len(_order(aliases=True, with_sm3=True)):
            break
    for aliases in (False, True):
        for with_sm3 in (False, True):
            names = _order(aliases=aliases, with_sm3=with_sm3)
            if len(names) == count:
                return {name: TAG_ENTRIES + at for at, name in enumerate((*names, "data"))}
    raise VolumeError(DAMAGED_METADATA, "the root is damaged, and so is what lies behind it")


def _order(*, aliases: bool, with_sm3: bool) -> tuple[str, ...]:
    digests = _DIGESTS[with_sm3]
    names = (NAMES_JSON,) if aliases else ()
    manifests = *map(manifest_name, digests), *map(tag_manifest_name, digests)
    return (*_BEFORE, *names, *manifests)


def list_by_neighbours(
    block: int, read_entry: ReadEntry, read_block: Callable[[int], bytes], behind_lists: int
) -> tuple[int, int]:
    """The list of the folder whose entry at `block` is lost: first block and length in bytes.

    `behind_lists` is the block behind all lists. The length includes zeros up to a block's end.

    Raises:
        VolumeError: 3102, 3106, the neighbours do not tell.
    """
    before, after = read_entry(block - 1), read_entry(block + 1)
    start = _end(before) if before.folder else _first_list(block, read_block)
    stop = after.extents[0][0] if after.folder and after.extents else behind_lists
    if not 0 < start < stop:
        raise VolumeError(DAMAGED_METADATA, f"the entries beside {block} do not tell of its list")
    return start, (stop - start) * SECTOR


def _end(folder: FileEntry) -> int:
    if not folder.extents:
        return 0
    first, length = folder.extents[-1]
    return first + -(-length // SECTOR)


def _first_list(block: int, read_block: Callable[[int], bytes]) -> int:
    """The block behind all file entries, where the lists begin."""
    for at in range(block + 1, block + FILES_MAX):
        if check_tag(read_block(at), at) != tags.FILE_ENTRY:
            return at
    return 0
