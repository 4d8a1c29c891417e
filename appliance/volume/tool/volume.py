"""A volume in any of its forms, opened: a disc or image, a bag folder, or a pax archive."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.volume.archive_reader import MAGIC, MAGIC_OFFSET, ArchiveSource
from appliance.volume.bag_reader import BagReader, Found
from appliance.volume.errors import HOSTILE, UNREADABLE_MEDIUM, VolumeError
from appliance.volume.form import Form
from appliance.volume.names import bytes_from_text
from appliance.volume.reader import OnDamage, VolumeReader
from appliance.volume.tool.disc import Disc
from appliance.volume.tool.folder import FoundFile, LeftOut, Reason, SourceFolder

Reader = VolumeReader | BagReader


@dataclass(frozen=True)
class Opened:
    """What was opened. `disc` is its bytes, which a folder has not."""

    reader: Reader
    form: Form
    disc: Disc | None = None


@contextmanager
def open_volume(path: Path) -> Iterator[Opened]:
    """Open a volume for reading.

    Raises:
        VolumeError: 3101, it is none; 3007, 3106, it cannot be opened.
    """
    if path.is_dir():
        with SourceFolder(path) as folder:
            yield Opened(BagReader(FolderSource(folder)), Form.FOLDER)
        return
    with Disc(path) as disc:
        if _is_archive(disc):
            source = ArchiveSource(disc.read_at, disc.size_bytes)
            yield Opened(BagReader(source), Form.ARCHIVE, disc)
        else:
            yield Opened(VolumeReader(disc.read_at, disc.size_bytes), Form.DISC, disc)


def _is_archive(disc: Disc) -> bool:
    try:
        return disc.read_at(MAGIC_OFFSET, len(MAGIC)) == MAGIC
    except OSError:
        return False


class FolderSource:
    """A bag folder as the members of a bag; symbolic links are not followed but refused."""

    def __init__(self, folder: SourceFolder) -> None:
        self._folder = folder
        self._files: list[FoundFile] = []

    def members(self, on_damage: OnDamage | None) -> Iterator[Found]:
        """Everything in the folder.

        Raises:
            VolumeError: 3104, there is something that is neither file nor folder, or a name that
                is not UTF-8; without `on_damage` also 3106, something cannot be read.
        """
        for entry in self._folder.scan():
            if isinstance(entry, LeftOut):
                error = _fault(entry)
                if on_damage is None or error.code == HOSTILE:
                    raise error
                on_damage(entry.path, error)
            elif isinstance(entry, FoundFile):
                position = len(self._files)
                self._files.append(entry)
                yield Found(_utf8(entry.path), False, entry.size_bytes, entry.mtime_ns, position)
            else:
                yield Found(_utf8(entry.path), True, 0, entry.mtime_ns, 0)

    def chunks(self, found: Found) -> Iterator[bytes]:
        """The content of a file.

        Raises:
            VolumeError: 3006, it changed since it was found; 3007, it cannot be read.
        """
        entry = self._files[found.position]
        with self._folder.open(entry) as file:
            for chunk in file.chunks():
                yield bytes(chunk)


def _fault(left: LeftOut) -> VolumeError:
    message = f"{left.path[:200]!r}: {left.detail or left.reason}"
    code = UNREADABLE_MEDIUM if left.reason is Reason.UNREADABLE else HOSTILE
    return VolumeError(code, message)


def _utf8(path: str) -> str:
    """The path as the manifests have it: a bag's names are UTF-8, nothing is escaped in them."""
    try:
        return bytes_from_text(path).decode()
    except UnicodeDecodeError as error:
        raise VolumeError(HOSTILE, f"name {path[:200]!r} is not UTF-8") from error
