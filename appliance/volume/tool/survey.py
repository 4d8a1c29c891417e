"""From a folder to a plan: every file is read once for its digests."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.volume.errors import SOURCE_UNREADABLE, VolumeError
from appliance.volume.plan import DossierRef, Identity, PlanFile, PlanFolder, VolumePlan, make_plan
from appliance.volume.tool.folder import (
    CHUNK_BYTES,
    FoundFile,
    FoundFolder,
    LeftOut,
    Reason,
    SourceFolder,
)
from appliance.volume.tool.reporting import Advance

FAULTS = (Reason.UNREADABLE, Reason.BAD_PATH)


@dataclass
class Survey:
    """What a folder holds. Files and folders below it; what is left out, with reasons."""

    files: list[FoundFile] = field(default_factory=list)
    folders: list[FoundFolder] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def faults(self) -> list[LeftOut]:
        """What should have been archived but could not be read or named."""
        return [left for left in self.left_out if left.reason in FAULTS]

    def dossiers(self) -> tuple[DossierRef, ...]:
        """Each first-level folder is a dossier; the files beside them form one of their own."""
        tops = sorted(folder.path for folder in self.folders if "/" not in folder.path)
        dossiers = [DossierRef(path, path, path) for path in tops]
        if any("/" not in file.path for file in self.files):
            dossiers.insert(0, DossierRef(".", "", ""))
        return tuple(dossiers)


def survey(source: SourceFolder) -> Survey:
    """Look at everything in the folder without opening any file."""
    found = Survey()
    for entry in source.scan():
        if isinstance(entry, FoundFile):
            found.files.append(entry)
        elif isinstance(entry, FoundFolder):
            found.folders.append(entry)
        else:
            found.left_out.append(entry)
    return found


def digest_files(
    source: SourceFolder,
    found: Survey,
    digests: tuple[str, ...],
    advance: Advance,
    leave_out: Callable[[LeftOut], None] | None,
) -> list[PlanFile]:
    """Read every file; one that cannot be read is an error, or is left out and told.

    Raises:
        VolumeError: 3006, a file changed; 3007, a file cannot be read.
    """
    files = []
    buffer = memoryview(bytearray(CHUNK_BYTES))
    for file in found.files:
        try:
            with source.open(file) as opened:
                digest = _digest(opened.chunks(buffer), digests, advance)
            files.append(PlanFile(file.path, file.size_bytes, file.mtime_ns, *digest))
        except VolumeError as error:
            if error.code != SOURCE_UNREADABLE or leave_out is None:
                raise
            leave_out(LeftOut(file.path, Reason.UNREADABLE, error.message))
    return files


def _digest(
    chunks: Iterable[memoryview], digests: tuple[str, ...], advance: Advance
) -> tuple[bytes, bytes]:
    """SHA-256, and SM3 if that is wanted."""
    sha256 = hashlib.sha256()
    sm3 = hashlib.new("sm3") if "sm3" in digests else None
    for chunk in chunks:
        sha256.update(chunk)
        if sm3:
            sm3.update(chunk)
        advance(len(chunk))
    return sha256.digest(), sm3.digest() if sm3 else b""


def plan_of(identity: Identity, files: list[PlanFile], found: Survey) -> VolumePlan:
    """The plan of the folder."""
    return make_plan(
        identity, files, [PlanFolder(folder.path, folder.mtime_ns) for folder in found.folders]
    )


def refuse_faults(root: Path, found: Survey) -> None:
    """Stop when something could not even be looked at.

    Raises:
        VolumeError: 3007, with the first of them.
    """
    if found.faults:
        first = found.faults[0]
        message = f"{len(found.faults)} in {root} cannot be archived, first {first.path!r}: "
        raise VolumeError(SOURCE_UNREADABLE, message + (first.detail or first.reason))
