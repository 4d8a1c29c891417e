"""Files checked one by one against the manifest: this works where the metadata is damaged."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from appliance.volume.bag import manifest_name, tag_manifest_name
from appliance.volume.entry import Entry
from appliance.volume.errors import DAMAGED_FILE, VolumeError
from appliance.volume.tool.reporting import Advance, tell
from appliance.volume.tool.volume import Reader

FAULTS_LISTED_MAX = 1_000


@dataclass
class Salvage:
    """What is left of a disc: folders, files in the order in which they lie on it, digests.

    `faults` are disc paths with the reason why they could not be read: the first thousand of
    `fault_count`.
    """

    folders: list[Entry] = field(default_factory=list)
    files: list[Entry] = field(default_factory=list)
    digests: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple[str, VolumeError]] = field(default_factory=list)
    fault_count: int = 0

    def note(self, path: str, error: VolumeError) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_LISTED_MAX:
            self.faults.append((path, error))

    def tell(self) -> None:
        """What could not be read, and what the manifest names and is not there."""
        for path, error in self.faults:
            tell(f"unreadable: {path or 'the root'}: {error.message}")
        if self.fault_count > len(self.faults):
            tell(f"unreadable: {self.fault_count - len(self.faults)} more")
        for path in self.missing:
            tell(f"missing: {path}")

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def missing(self) -> list[str]:
        """Disc paths that the manifest names and the folders do not show."""
        shown = {file.disc_path for file in self.files}
        return [path for path in self.digests if path not in shown]


def salvage(reader: Reader) -> Salvage:
    """Read all folders and the manifest as far as they can be read.

    Raises:
        VolumeError: not even the folder `data` is found.
    """
    found = Salvage()
    for path, error in reader.root_faults:
        found.note(path, error)
    for entry in reader.entries(found.note):
        (found.folders if entry.folder else found.files).append(entry)
    name = manifest_name("sha256")
    try:
        for path, digest in reader.digests("sha256", partial(found.note, name)):
            found.digests[path] = digest
    except VolumeError as error:
        found.note(name, error)
    else:
        if not any(path == name for path, _ in found.faults):
            found.files += list(_nameless(reader, found))
    found.files.sort(key=lambda file: file.extents[:1])
    return found


def _nameless(reader: Reader, found: Salvage) -> Iterator[Entry]:
    """Files that the folders do not show any more but the whole manifest does."""
    taken = {file.entry_block for file in found.files}
    missing = set(found.missing)
    for index, path in enumerate(found.digests):
        if path in missing:
            with suppress(VolumeError):
                entry = reader.entry_by_order(path, index, len(found.digests))
                if not entry.folder and entry.entry_block not in taken:
                    yield entry


def damaged_tag_files(reader: Reader) -> list[str]:
    """The names of the files in the root that are not as the tag manifest says."""
    present = {file.disc_path: file for file in reader.tag_files()}
    try:
        digests = list(reader.digests("sha256", lambda _: None, of_tags=True))
    except VolumeError:
        return [tag_manifest_name("sha256")]
    return [
        name
        for name, digest in digests
        if name not in present or not _is_whole(reader, present[name], digest)
    ]


def _is_whole(reader: Reader, file: Entry, digest: bytes) -> bool:
    try:
        for _ in checked_chunks(reader, file, digest, lambda _: None):
            pass
    except VolumeError:
        return False
    return True


def checked_chunks(
    reader: Reader, file: Entry, digest: bytes | None, advance: Advance
) -> Iterator[bytes]:
    """The content of a file; an error at the end if it is not what the manifest says.

    Without a digest nothing is compared.

    Raises:
        VolumeError: 3105, the digest differs; 3103, 3106 as the reader.
    """
    running = hashlib.sha256()
    for chunk in reader.chunks(file):
        running.update(chunk)
        advance(len(chunk))
        yield chunk
    if digest is not None and running.digest() != digest:
        raise VolumeError(DAMAGED_FILE, f"{file.path!r} differs from its digest in the manifest")
