"""A volume read from the disc alone, which may be damaged or made to do harm.

Time and memory are bounded by the size of the disc and by fixed limits; nothing recurses.
"""

from collections.abc import Callable, Iterator
from functools import partial

from appliance.volume.bag import (
    NAMES_BYTES_MAX,
    NAMES_JSON,
    manifest_name,
    tag_manifest_name,
)
from appliance.volume.document import VOLUME_JSON, VolumeDocument, decode_document
from appliance.volume.entry import Entry
from appliance.volume.errors import DAMAGE, DAMAGED_METADATA, HOSTILE, NOT_A_VOLUME, VolumeError
from appliance.volume.file_entries import FileEntries
from appliance.volume.layout import ROOT_ENTRY, TAG_ENTRIES
from appliance.volume.manifests import PATH_TEXT_MAX, parse_manifest, parse_names
from appliance.volume.medium import Medium, OnFault, ReadAt
from appliance.volume.names import check_path
from appliance.volume.plan import Identity, VolumePlan
from appliance.volume.plan_rules import FILES_MAX
from appliance.volume.rebuild import rebuild_plan
from appliance.volume.recovery import root_by_order
from appliance.volume.udf.parsing import Identifier, parse_identifiers
from appliance.volume.udf.recognition import find_partition
from appliance.volume.udf.tags import SECTOR

ROOT_NAMES_MAX = 64
DOCUMENT_BYTES_MAX = 2**28

OnDamage = Callable[[str, VolumeError], None]
"""Told the disc path of what could not be read, and why. What cannot be read is passed over."""


class VolumeReader:
    """Reads a disc of `size_bytes` through `read_at(offset, length)`, which may raise OSError.

    Raises (every method):
        VolumeError: 3101, this is no Stele volume; 3102, its metadata is damaged; 3103, it ends
            too early; 3104, it describes something impossible; 3106, it cannot be read.
    """

    def __init__(self, read_at: ReadAt, size_bytes: int) -> None:
        self._medium = Medium(read_at, size_bytes)
        self._partition = find_partition(self._medium.sector, self._medium.sectors, ROOT_ENTRY)
        self._entries = FileEntries(self._medium, self._partition)
        self._true_names: dict[str, str] = {}
        self._root: dict[str, Entry] = {}
        self.root_faults: list[tuple[str, VolumeError]] = []
        self._read_root()

    def _read_root(self) -> None:
        """Fill `_root`; what is damaged there goes to `root_faults`, and the rest is found."""
        try:
            root = self._entries.named("", "", self._partition.root_block)
            for entry in self._list(root, self._note):
                if len(self._root) >= ROOT_NAMES_MAX:
                    raise VolumeError(HOSTILE, "the root has more names than any Stele volume")
                self._root[entry.disc_path] = entry
        except VolumeError as error:
            self._note("", error)
        if any(not path for path, _ in self.root_faults):
            self._root = {
                name: self._entries.named("", name, block)
                for name, block in root_by_order(self._entries.read).items()
            }

    def _note(self, path: str, error: VolumeError) -> None:
        if error.code not in DAMAGE or len(self.root_faults) >= ROOT_NAMES_MAX:
            raise error
        self.root_faults.append((path, error))

    def document(self) -> VolumeDocument:
        """What `volume.json` says."""
        entry = self._in_root(VOLUME_JSON, DOCUMENT_BYTES_MAX, missing=NOT_A_VOLUME)
        return decode_document(b"".join(self.chunks(entry)))

    def identity(self) -> Identity:
        """Which volume this is."""
        return self.document().identity

    def entries(self, on_damage: OnDamage | None = None) -> Iterator[Entry]:
        """Everything below `data/`, each folder before what is in it.

        With `on_damage`, what cannot be read is told and passed over. The time of a folder whose
        own description is lost is 0.
        """
        data = self._root.get("data")
        if data is None or not data.folder:
            raise VolumeError(NOT_A_VOLUME, "there is no folder 'data' on the disc")
        self._load_names(on_damage)
        seen_folders = {data.entry_block}
        waiting = [data]
        text_left, content_left, count = PATH_TEXT_MAX, self._partition.blocks * SECTOR, 0
        while waiting:
            for entry in self._list(waiting.pop(), on_damage):
                count += 1
                text_left -= len(entry.path) + len(entry.disc_path)
                content_left -= entry.size_bytes
                looped = entry.folder and entry.entry_block in seen_folders
                if looped or count > FILES_MAX or text_left < 0 or content_left < 0:
                    where = entry.disc_path[:200]
                    raise VolumeError(HOSTILE, f"{where!r}: the disc names more than it can hold")
                if entry.folder:
                    seen_folders.add(entry.entry_block)
                    waiting.append(entry)
                yield entry

    def digests(
        self, algorithm: str, on_damage: OnFault | None = None, *, of_tags: bool = False
    ) -> Iterator[tuple[str, bytes]]:
        """Disc path and digest of each line of a manifest, or of the tag manifest."""
        name = tag_manifest_name(algorithm) if of_tags else manifest_name(algorithm)
        entry = self._in_root(name, self._medium.size_bytes, missing=DAMAGED_METADATA)
        return parse_manifest(self._medium.chunks(entry.extents, on_damage), name, on_damage)

    def tag_files(self) -> list[Entry]:
        """The files in the root."""
        return [entry for entry in self._root.values() if not entry.folder]

    def entry_by_order(self, disc_path: str, index: int, count: int) -> Entry:
        """A file whose name is lost from its folder: the one of that line in the manifest.

        The file entries stand in the manifest's order directly before the list of `data`. Only the
        digest says whether it is the right one.
        """
        names = disc_path.split("/")
        true_names = [
            self._true_names.get("/".join(names[: depth + 1]), name)
            for depth, name in enumerate(names)
        ]
        data = self._root.get("data")
        if data is None or not data.extents:
            raise VolumeError(DAMAGED_METADATA, "the folder 'data' is damaged")
        block = data.extents[0][0] // SECTOR - self._partition.start - count + index
        path = _checked("/".join(true_names[1:]))
        if names[0] != "data" or block < TAG_ENTRIES:
            raise VolumeError(HOSTILE, f"the manifest names {disc_path[:200]!r}")
        return self._entries.named(path, disc_path, block)

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The content of a file in pieces of at most 1 MiB."""
        return self._medium.chunks(entry.extents)

    def plan(self) -> VolumePlan:
        """The plan, rebuilt from the disc alone and compared with the digest in `volume.json`."""
        return rebuild_plan(self.document(), self.entries(), self.digests)

    def _in_root(self, name: str, bytes_max: int, *, missing: int) -> Entry:
        entry = self._root.get(name)
        if entry is None or entry.folder:
            for path, error in self.root_faults:
                if path == name:
                    raise error
            raise VolumeError(missing, f"there is no file {name!r} on the disc")
        if entry.size_bytes > bytes_max:
            raise VolumeError(HOSTILE, f"{name!r} is larger than any Stele volume needs")
        return entry

    def _load_names(self, on_damage: OnDamage | None) -> None:
        if NAMES_JSON not in self._root or self._true_names:
            return
        try:
            entry = self._in_root(NAMES_JSON, NAMES_BYTES_MAX, missing=DAMAGED_METADATA)
            told = None if on_damage is None else partial(on_damage, NAMES_JSON)
            chunks = self._medium.chunks(entry.extents, told)
            self._true_names = parse_names(chunks, NAMES_JSON, told)
        except VolumeError as error:
            if on_damage is None:
                raise
            on_damage(NAMES_JSON, error)

    def _list(self, folder: Entry, on_damage: OnDamage | None) -> Iterator[Entry]:
        """What is in one folder."""
        names: set[str] = set()
        where = folder.disc_path[:200]
        told = None if on_damage is None else partial(on_damage, folder.disc_path)
        chunks = self._medium.chunks(folder.extents, told)
        for identifier in parse_identifiers(chunks, where, told):
            disc_path = f"{folder.disc_path}/{identifier.name}".lstrip("/")
            try:
                if identifier.name in names:
                    raise VolumeError(HOSTILE, f"a name stands twice in folder {where!r}")
                names.add(identifier.name)
                path = self._true_path(folder, disc_path)
            except VolumeError as error:
                if on_damage is None:
                    raise
                on_damage(disc_path, error)
                continue
            entry = self._found(path, disc_path, identifier, on_damage)
            if entry is not None:
                yield entry

    def _found(
        self, path: str, disc_path: str, identifier: Identifier, on_damage: OnDamage | None
    ) -> Entry | None:
        """What a name stands for; if that is a folder with a lost entry, by its neighbours."""
        block = identifier.entry_block
        try:
            return self._entries.named(path, disc_path, block)
        except VolumeError as error:
            if on_damage is None:
                raise
            on_damage(disc_path, error)
            if error.code not in DAMAGE or not identifier.folder:
                return None
        try:
            return self._entries.lost_folder(path, disc_path, block)
        except VolumeError:
            return None

    def _true_path(self, folder: Entry, disc_path: str) -> str:
        if not folder.disc_path:
            return ""
        name = self._true_names.get(disc_path) or disc_path.rpartition("/")[2]
        return _checked(f"{folder.path}/{name}" if folder.path else name)


def _checked(path: str) -> str:
    try:
        check_path(path)
    except VolumeError as error:
        raise VolumeError(HOSTILE, error.message) from error
    return path
