"""A volume read from the disc alone, which may be damaged or made to do harm.

Time and memory are bounded by the size of the disc and by fixed limits; nothing recurses.
"""

from collections.abc import Callable, Iterator

from appliance.volume.bag import NAMES_BYTES_MAX, NAMES_JSON, manifest_name
from appliance.volume.document import VOLUME_JSON, VolumeDocument, decode_document
from appliance.volume.entry import Entry
from appliance.volume.errors import DAMAGED_METADATA, HOSTILE, NOT_A_VOLUME, VolumeError
from appliance.volume.manifests import parse_manifest, parse_names
from appliance.volume.medium import Medium, ReadAt
from appliance.volume.names import check_path
from appliance.volume.plan import Identity, VolumePlan
from appliance.volume.plan_rules import FILES_MAX
from appliance.volume.rebuild import rebuild_plan
from appliance.volume.udf.parsing import parse_file_entry, parse_identifiers
from appliance.volume.udf.recognition import find_partition
from appliance.volume.udf.tags import SECTOR

ROOT_NAMES_MAX = 64
DOCUMENT_BYTES_MAX = 2**28
PATH_TEXT_MAX = 2**31

OnDamage = Callable[[str, VolumeError], None]
"""Told the disc path of what could not be read, and why."""


class VolumeReader:
    """Reads a disc of `size_bytes` through `read_at(offset, length)`, which may raise OSError.

    Raises (every method):
        VolumeError: 3101, this is no Stele volume; 3102, its metadata is damaged; 3103, it ends
            too early; 3104, it describes something impossible; 3106, it cannot be read.
    """

    def __init__(self, read_at: ReadAt, size_bytes: int) -> None:
        self._medium = Medium(read_at, size_bytes)
        self._partition = find_partition(self._medium.sector, self._medium.sectors)
        self._true_names: dict[str, str] = {}
        self._root: dict[str, Entry] = {}
        for entry in self._list(self._entry("", "", self._partition.root_block), None):
            if len(self._root) >= ROOT_NAMES_MAX:
                raise VolumeError(HOSTILE, "the root has more names than any Stele volume")
            self._root[entry.disc_path] = entry

    def document(self) -> VolumeDocument:
        """What `volume.json` says."""
        entry = self._in_root(VOLUME_JSON, DOCUMENT_BYTES_MAX, missing=NOT_A_VOLUME)
        return decode_document(b"".join(self.chunks(entry)))

    def identity(self) -> Identity:
        """Which volume this is."""
        return self.document().identity

    def entries(self, on_damage: OnDamage | None = None) -> Iterator[Entry]:
        """Everything below `data/`, each folder before what is in it.

        With `on_damage`, what cannot be read is told and passed over.
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

    def digests(self, algorithm: str) -> Iterator[tuple[str, bytes]]:
        """Disc path and digest of each line of a manifest."""
        name = manifest_name(algorithm)
        entry = self._in_root(name, self._medium.size_bytes, missing=DAMAGED_METADATA)
        return parse_manifest(self.chunks(entry), name)

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The content of a file in pieces of at most 1 MiB."""
        return self._medium.chunks(entry.extents)

    def plan(self) -> VolumePlan:
        """The plan, rebuilt from the disc alone and compared with the digest in `volume.json`."""
        return rebuild_plan(self.document(), self.entries(), self.digests)

    def _in_root(self, name: str, bytes_max: int, *, missing: int) -> Entry:
        entry = self._root.get(name)
        if entry is None or entry.folder:
            raise VolumeError(missing, f"there is no file {name!r} on the disc")
        if entry.size_bytes > bytes_max:
            raise VolumeError(HOSTILE, f"{name!r} is larger than any Stele volume needs")
        return entry

    def _load_names(self, on_damage: OnDamage | None) -> None:
        if NAMES_JSON not in self._root or self._true_names:
            return
        try:
            entry = self._in_root(NAMES_JSON, NAMES_BYTES_MAX, missing=DAMAGED_METADATA)
            self._true_names = parse_names(self.chunks(entry), NAMES_JSON)
        except VolumeError as error:
            if on_damage is None:
                raise
            on_damage(NAMES_JSON, error)

    def _list(self, folder: Entry, on_damage: OnDamage | None) -> Iterator[Entry]:
        """What is in one folder."""
        names: set[str] = set()
        where = folder.disc_path[:200]
        found = parse_identifiers(self.chunks(folder), where)
        while True:
            disc_path = folder.disc_path
            try:
                identifier = next(found, None)
                if identifier is None:
                    return
                if identifier.name in names:
                    raise VolumeError(HOSTILE, f"a name stands twice in folder {where!r}")
                names.add(identifier.name)
                disc_path += ("/" if disc_path else "") + identifier.name
                entry = self._entry(
                    self._true_path(folder, disc_path), disc_path, identifier.entry_block
                )
            except VolumeError as error:
                if on_damage is None:
                    raise
                on_damage(disc_path, error)
            else:
                yield entry

    def _true_path(self, folder: Entry, disc_path: str) -> str:
        if not folder.disc_path:
            return ""
        name = self._true_names.get(disc_path) or disc_path.rpartition("/")[2]
        path = f"{folder.path}/{name}" if folder.path else name
        try:
            check_path(path)
        except VolumeError as error:
            raise VolumeError(HOSTILE, error.message) from error
        return path

    def _entry(self, path: str, disc_path: str, block: int) -> Entry:
        partition = self._partition
        if block >= partition.blocks:
            raise VolumeError(HOSTILE, f"{disc_path[:200]!r} is described outside the partition")
        raw = self._medium.sector(partition.start + block)
        found = parse_file_entry(raw, block, partition.blocks)
        extents = tuple(
            ((partition.start + first) * SECTOR, length) for first, length in found.extents
        )
        return Entry(
            path, disc_path, found.folder, found.size_bytes, found.mtime_ns, extents, block
        )
