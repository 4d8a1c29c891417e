"""Which dossiers a folder holds, and what is in each."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import text_from_bytes
from appliance.volume.tool.folder import FoundFile, FoundFolder, LeftOut, SourceFolder
from console.ingest.arrangement import Place, loose_place
from console.ingest.titles import check_title, folder_for, title_for

Found = FoundFile | FoundFolder | LeftOut


@dataclass(frozen=True, slots=True)
class Dossier:
    """One dossier in a source folder. `source_prefix` is its place below the source folder."""

    place: Place
    root: Path
    is_deep: bool = True
    source_prefix: str = ""

    def open(self) -> SourceFolder:
        """Raises VolumeError 3007 when its folder cannot be read."""
        return SourceFolder(self.root)

    def scan(self, source: SourceFolder) -> Iterator[Found]:
        """What is in it; a dossier of loose files ends where the first folder's contents begin."""
        if self.is_deep:
            yield from source.scan()
            return
        folders: set[str] = set()
        for found in source.scan():
            if "/" in found.path or found.path in folders:
                return
            if isinstance(found, FoundFolder):
                folders.add(found.path)
            else:
                yield found

    def total(self) -> tuple[int, int]:
        """Files and bytes, as they are now; nothing where the folder cannot be read."""
        files = size_bytes = 0
        with ExitStack() as stack:
            try:
                source = stack.enter_context(self.open())
            except VolumeError:
                return 0, 0
            for found in self.scan(source):
                if isinstance(found, FoundFile):
                    files += 1
                    size_bytes += found.size_bytes
        return files, size_bytes

    def source_path(self, path: str) -> str:
        """A path of this dossier as it is below the source folder."""
        return f"{self.source_prefix}/{path}".strip("/")


def find_dossiers(source: Path, title: str | None = None) -> list[Dossier]:
    """Each first-level folder is a dossier; what lies beside them is one of its own, the last.

    The dossier of what lies beside is called after the source folder, with ``/*`` behind its name,
    so that it can never be taken for a folder's. With a `title`, all of it is one dossier.

    Raises:
        SteleError: 3410 the folder cannot be read or holds nothing; 3411 a folder's name.
    """
    try:
        with os.scandir(os.fsencode(source)) as entries:
            found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError as error:
        message = f"{str(source)!r} cannot be read: {error.strerror}"
        raise SteleError(3410, message) from error
    if title is not None:
        check_title("dossier", title)
        return [Dossier(Place(title, folder_for(title), folder_for(title)), source)]
    names = sorted(name for name, is_folder in found.items() if is_folder)
    dossiers = [_of_folder(source, name) for name in names]
    if len({dossier.place.title for dossier in dossiers}) < len(dossiers):
        raise SteleError(3411, f"two folders in {str(source)!r} differ in control characters only")
    if len(names) < len(found):
        dossiers.append(_of_loose_files(source))
    if not dossiers:
        raise SteleError(3410, f"{str(source)!r} is empty; with --dossier it can be archived so")
    return dossiers


def _of_folder(source: Path, name: bytes) -> Dossier:
    text = text_from_bytes(name)
    title = check_title("dossier", title_for(text))
    return Dossier(Place(title, text, text), source / os.fsdecode(name), source_prefix=text)


def _of_loose_files(source: Path) -> Dossier:
    name = text_from_bytes(os.fsencode(source.resolve().name))
    return Dossier(loose_place(name), source, is_deep=False)
