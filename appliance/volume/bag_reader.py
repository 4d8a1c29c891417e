"""A volume read from a bag alone, a folder or an archive, which may have been made to do harm.

`VolumeReader` does the same with a disc. Time and memory are bounded by fixed limits.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, Protocol

from appliance.volume.bag import NAMES_BYTES_MAX, NAMES_JSON, manifest_name, tag_manifest_name
from appliance.volume.document import VOLUME_JSON, VolumeDocument, decode_document
from appliance.volume.entry import Entry
from appliance.volume.errors import (
    DAMAGE,
    DAMAGED_METADATA,
    HOSTILE,
    NOT_A_VOLUME,
    TRUNCATED,
    VolumeError,
)
from appliance.volume.manifests import PATH_TEXT_MAX, parse_manifest, parse_names
from appliance.volume.medium import OnFault
from appliance.volume.names import check_path
from appliance.volume.plan import Identity, VolumePlan
from appliance.volume.plan_rules import FILES_MAX
from appliance.volume.reader import DOCUMENT_BYTES_MAX, ROOT_NAMES_MAX, OnDamage
from appliance.volume.rebuild import rebuild_plan

MANIFEST_BYTES_MAX = 2**32


class Found(NamedTuple):
    """A file or folder of a bag. `path` is below the bag's root; `position` says where it lies."""

    path: str
    folder: bool
    size_bytes: int
    mtime_ns: int
    position: int


class BagSource(Protocol):
    """Where a bag's members come from."""

    def members(self, on_damage: OnDamage | None) -> Iterator[Found]:
        """Every member, each folder before what is in it. With `on_damage`, what cannot be read is
        told and passed over.
        """
        ...

    def chunks(self, found: Found) -> Iterator[bytes]:
        """The content of a file in pieces of about 1 MiB. Raises `VolumeError`."""
        ...


class BagReader:
    """Reads the bag that `source` has.

    Raises (every method):
        VolumeError: 3101, this is no Stele volume; 3102, its metadata is damaged; 3103, it ends
            too early; 3104, it describes something impossible; 3106, it cannot be read.
    """

    def __init__(self, source: BagSource) -> None:
        self._source = source
        self._root: dict[str, Found] = {}
        self._below: dict[str, Found] = {}
        self._true_names: dict[str, str] = {}
        self.root_faults: list[tuple[str, VolumeError]] = []
        self._read_members()

    def _read_members(self) -> None:
        text_left = PATH_TEXT_MAX
        for found in self._source.members(self._note):
            text_left -= len(found.path)
            root = "/" not in found.path
            known = self._root if root else self._below
            if found.path in known or len(self._below) >= FILES_MAX or text_left < 0:
                raise VolumeError(
                    HOSTILE, f"{found.path[:200]!r}: a name stands twice, or too many"
                )
            if root and len(self._root) >= ROOT_NAMES_MAX:
                raise VolumeError(HOSTILE, "the root has more names than any Stele volume")
            if root or found.path.startswith("data/"):
                known[found.path] = found

    def _note(self, path: str, error: VolumeError) -> None:
        if error.code not in (*DAMAGE, TRUNCATED) or len(self.root_faults) >= ROOT_NAMES_MAX:
            raise error
        self.root_faults.append((path, error))

    def document(self) -> VolumeDocument:
        """What `volume.json` says."""
        found = self._in_root(VOLUME_JSON, DOCUMENT_BYTES_MAX, missing=NOT_A_VOLUME)
        return decode_document(b"".join(self._source.chunks(found)))

    def identity(self) -> Identity:
        """Which volume this is."""
        return self.document().identity

    def entries(self, on_damage: OnDamage | None = None) -> Iterator[Entry]:
        """Everything below `data/`, each folder before what is in it.

        With `on_damage`, what has an impossible name is told and passed over.
        """
        data = self._root.get("data")
        if data is None or not data.folder:
            raise VolumeError(NOT_A_VOLUME, "there is no folder 'data' in the bag")
        if on_damage is None and self.root_faults:
            raise self.root_faults[0][1]
        self._load_names(on_damage)
        for found in self._below.values():
            try:
                yield _entry(found, self._true_path(found.path))
            except VolumeError as error:
                if on_damage is None:
                    raise
                on_damage(found.path, error)

    def digests(
        self, algorithm: str, on_damage: OnFault | None = None, *, of_tags: bool = False
    ) -> Iterator[tuple[str, bytes]]:
        """Path in the bag and digest of each line of a manifest, or of the tag manifest."""
        name = tag_manifest_name(algorithm) if of_tags else manifest_name(algorithm)
        found = self._in_root(name, MANIFEST_BYTES_MAX, missing=DAMAGED_METADATA)
        return parse_manifest(self._source.chunks(found), name, on_damage)

    def tag_files(self) -> list[Entry]:
        """The files in the root."""
        return [_entry(found, "") for found in self._root.values() if not found.folder]

    def entry_by_order(self, disc_path: str, index: int, count: int) -> Entry:
        """A bag keeps no second trace of a file whose name is lost."""
        message = f"{disc_path[:200]!r}, file {index + 1} of {count}, is not in the bag"
        raise VolumeError(DAMAGED_METADATA, message)

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The content of a file."""
        known = self._below if "/" in entry.disc_path else self._root
        return self._source.chunks(known[entry.disc_path])

    def plan(self) -> VolumePlan:
        """The plan, rebuilt from the bag alone and compared with the digest in `volume.json`."""
        return rebuild_plan(self.document(), self.entries(), self.digests)

    def _in_root(self, name: str, bytes_max: int, *, missing: int) -> Found:
        found = self._root.get(name)
        if found is None or found.folder:
            for _, error in self.root_faults:
                raise error
            raise VolumeError(missing, f"there is no file {name!r} in the bag")
        if found.size_bytes > bytes_max:
            raise VolumeError(HOSTILE, f"{name!r} is larger than any Stele volume needs")
        return found

    def _load_names(self, on_damage: OnDamage | None) -> None:
        if NAMES_JSON not in self._root or self._true_names:
            return
        try:
            found = self._in_root(NAMES_JSON, NAMES_BYTES_MAX, missing=DAMAGED_METADATA)
            told: Callable[[VolumeError], None] | None = None
            if on_damage is not None:
                told = partial(on_damage, NAMES_JSON)
            self._true_names = parse_names(self._source.chunks(found), NAMES_JSON, told)
        except VolumeError as error:
            if on_damage is None:
                raise
            on_damage(NAMES_JSON, error)

    def _true_path(self, path: str) -> str:
        names = path.split("/")
        if self._true_names:
            names = [
                self._true_names.get("/".join(names[: depth + 1]), name)
                for depth, name in enumerate(names)
            ]
        try:
            check_path(true := "/".join(names[1:]))
        except VolumeError as error:
            raise VolumeError(HOSTILE, error.message) from error
        return true


def _entry(found: Found, path: str) -> Entry:
    return Entry(
        path=path,
        disc_path=found.path,
        folder=found.folder,
        size_bytes=found.size_bytes,
        mtime_ns=found.mtime_ns,
        extents=((found.position, found.size_bytes),),
        entry_block=found.position,
    )
