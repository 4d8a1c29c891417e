"""Files checked one by one against the manifest: this works where the metadata is damaged."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.volume.bag import manifest_name
from appliance.volume.entry import Entry
from appliance.volume.errors import DAMAGED_FILE, VolumeError
from appliance.volume.reader import VolumeReader
from appliance.volume.tool.reporting import Advance


@dataclass
class Salvage:
    """What is left of a disc: folders, files in the order in which they lie on it, digests.

    `faults` are disc paths with the reason why they could not be read.
    """

    folders: list[Entry] = field(default_factory=list)
    files: list[Entry] = field(default_factory=list)
    digests: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple[str, VolumeError]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def missing(self) -> list[str]:
        """Disc paths that the manifest names and the folders do not show."""
        shown = {file.disc_path for file in self.files}
        return [path for path in self.digests if path not in shown]


def salvage(reader: VolumeReader) -> Salvage:
    """Read all folders and the manifest as far as they can be read.

    Raises:
        VolumeError: not even the folder `data` is found.
    """
    found = Salvage()
    for entry in reader.entries(lambda path, error: found.faults.append((path, error))):
        (found.folders if entry.folder else found.files).append(entry)
    found.files.sort(key=lambda file: file.extents[:1])
    try:
        for path, digest in reader.digests("sha256"):
            found.digests[path] = digest
    except VolumeError as error:
        found.faults.append((manifest_name("sha256"), error))
    return found


def checked_chunks(
    reader: VolumeReader, file: Entry, digest: bytes | None, advance: Advance
) -> Iterator[bytes]:
    """The content of a file; an error at the end if it is not what the manifest says.

    Raises:
        VolumeError: 3105, the digest differs or is not known; 3103, 3106 as the reader.
    """
    running = hashlib.sha256()
    for chunk in reader.chunks(file):
        running.update(chunk)
        advance(len(chunk))
        yield chunk
    if digest is None:
        raise VolumeError(DAMAGED_FILE, f"{file.path!r} is not in the manifest")
    if running.digest() != digest:
        raise VolumeError(DAMAGED_FILE, f"{file.path!r} differs from its digest in the manifest")
