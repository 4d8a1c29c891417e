"""How many sectors a dossier takes on a volume: an additive bound, for planning without layout."""

from collections.abc import Iterable, Sequence

import msgspec

from appliance.volume.disc_names import aliases, needs_alias
from appliance.volume.layout import CLUSTER_SECTORS, PARTITION_SECTOR, TAIL_SECTORS
from appliance.volume.plan import DOSSIER_ID_CHARACTERS, TITLE_CHARACTERS, DossierRef
from appliance.volume.udf import cs0
from appliance.volume.udf.file_descriptors import PARENT_IDENTIFIER_BYTES, identifier_bytes
from appliance.volume.udf.tags import SECTOR

_ROOT_SECTORS = 4 + 10
_DATA_FOLDER_SECTORS = 2
_TAG_FILE_SECTORS = 36
FIXED_SECTORS: int = (
    PARTITION_SECTOR
    + TAIL_SECTORS
    + (CLUSTER_SECTORS - 1)
    + _ROOT_SECTORS
    + _DATA_FOLDER_SECTORS
    + _TAG_FILE_SECTORS
)
"""What an image has besides its dossiers, at most: the frame before and behind the partition, the
rounding to a cluster, file set and root with up to 10 files, the `data` folder, and those files'
content as far as it does not grow with the dossiers (the longest identity fills it nearly)."""

_JSON_BYTES_A_CHARACTER = 6
_JSON_BYTES_A_DOSSIER = 160


def package_sectors(
    entries: Iterable[tuple[str, int]],
    empty_folders: Iterable[str] = (),
    *,
    folder: str = "",
    dossier: DossierRef | None = None,
    digests: Sequence[str] = ("sha256", "sm3"),
) -> int:
    """An upper bound in sectors for one dossier, within about 1 % where files are not tiny.

    For every plan: image sectors <= `FIXED_SECTORS` + the sum over its dossiers.

    Args:
        entries: path and size in bytes of each file; paths as in the plan, or below `folder`.
        empty_folders: the other folders of the plan, written the same way.
        folder: put before each path.
        dossier: what `volume.json` will say of it; without it, the most that it can say is assumed.
        digests: the algorithms of the policy; without them, all are assumed.
    """
    package = _Package(len(digests), folder)
    for path, size_bytes in entries:
        package.add_file(path, size_bytes)
    for path in empty_folders:
        package.add_folder(f"{package.prefix}{path}")
    return package.sectors(_dossier_bytes(dossier, folder))


def _dossier_bytes(dossier: DossierRef | None, folder: str) -> int:
    if dossier is None:
        characters = DOSSIER_ID_CHARACTERS + TITLE_CHARACTERS + len(folder)
        return characters * _JSON_BYTES_A_CHARACTER + _JSON_BYTES_A_DOSSIER
    return len(msgspec.json.encode(dossier)) + _JSON_BYTES_A_DOSSIER


class _Package:
    """Adds up whole sectors, and bytes of the files and lists that all dossiers share."""

    def __init__(self, digest_count: int, folder: str) -> None:
        self.prefix = f"{folder}/" if folder else ""
        self._digest_count = digest_count
        self._whole_sectors = 0
        self._shared_bytes = 0
        self._list_bytes: dict[str, int] = {}
        self._disc_paths = {"": "data"}
        if folder:
            self.add_folder(folder)

    def add_file(self, path: str, size_bytes: int) -> None:
        parent, _, name = f"{self.prefix}{path}".rpartition("/")
        disc_path = f"{self.add_folder(parent)}/{self._add_name(parent, name)}"
        self._whole_sectors += 1 + -(-size_bytes // SECTOR)
        self._shared_bytes += self._digest_count * (67 + len(disc_path.encode()))

    def add_folder(self, path: str) -> str:
        """Count a folder and those above it, once; returns its path on the disc."""
        if path in self._disc_paths:
            return self._disc_paths[path]
        missing = []
        while path not in self._disc_paths:
            missing.append(path)
            path = path.rpartition("/")[0]
        for inner in reversed(missing):
            parent, _, name = inner.rpartition("/")
            self._list_bytes[inner] = PARENT_IDENTIFIER_BYTES
            self._disc_paths[inner] = f"{self._disc_paths[parent]}/{self._add_name(parent, name)}"
        return self._disc_paths[missing[0]]

    def _add_name(self, parent: str, name: str) -> str:
        """Count an identifier in the parent's list and an alias's line; returns the disc name."""
        disc_name = aliases([name])[name] if needs_alias(name) else name
        if disc_name != name:
            disc_path = f"{self._disc_paths[parent]}/{disc_name}"
            self._shared_bytes += len(msgspec.json.encode((disc_path, name))) + 24
        size = identifier_bytes(len(cs0.encode(disc_name)))
        if parent:
            self._list_bytes[parent] += size
        else:
            self._shared_bytes += size
        return disc_name

    def sectors(self, more_shared_bytes: int) -> int:
        lists = sum(1 + -(-size // SECTOR) for size in self._list_bytes.values())
        shared = -(-(self._shared_bytes + more_shared_bytes) // SECTOR)
        return self._whole_sectors + lists + shared
