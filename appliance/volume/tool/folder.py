"""A folder to be archived: what is in it, what must be left out, and its files read safely.

Nothing is followed and nothing blocks: symbolic links, sockets, pipes and devices are reported and
left out; what was a file when the folder was scanned must still be that very file when it is read.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from appliance.volume.errors import SOURCE_CHANGED, SOURCE_UNREADABLE, VolumeError
from appliance.volume.names import bytes_from_text, check_path, text_from_bytes
from appliance.volume.tool.handles import FolderHandles

CHUNK_BYTES = 2**20
MTIME_NS_MIN, MTIME_NS_MAX = -(2**63) // 1000 * 1000 + 1000, (2**63 - 1) // 1000 * 1000
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Reason(StrEnum):
    """Why something was left out."""

    SYMBOLIC_LINK = "symbolic link"
    SOCKET = "socket"
    PIPE = "pipe"
    DEVICE = "device"
    UNREADABLE = "unreadable"
    BAD_PATH = "bad path"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file. `path` is below the scanned folder, in name text; times in ns since 1970.

    `mtime_ns` is what a plan can hold (1677 to 2262); `seen` says which file it was, and how it
    was, when the folder was scanned.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    seen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FoundFolder:
    path: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not archived, and why; `detail` is the system's message."""

    path: str
    reason: Reason
    detail: str = ""


class SourceFile:
    """An open file of the source; a context manager."""

    def __init__(self, handle: int, found: FoundFile) -> None:
        self._handle = handle
        self._found = found

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; returns how many, 0 at the end.

        Raises:
            VolumeError: 3007, the bytes cannot be read.
        """
        try:
            return os.readv(self._handle, [buffer])
        except OSError as error:
            raise _unreadable(self._found.path, error) from error

    def check_unchanged(self) -> None:
        """Make sure that the file is still as it was scanned; to be called after the last byte.

        Raises:
            VolumeError: 3006, it is not.
        """
        if _seen(os.fstat(self._handle)) != self._found.seen:
            raise VolumeError(SOURCE_CHANGED, f"{self._found.path!r} changed while it was read")

    def chunks(self, buffer: memoryview | None = None) -> Iterator[memoryview]:
        """The whole content, read into `buffer` if there is one; each piece is valid until the
        next. Errors as above.
        """
        size = self._found.size_bytes
        if buffer is None:
            buffer = memoryview(bytearray(min(CHUNK_BYTES, size + 1)))
        total = 0
        while count := self.readinto(buffer):
            total += count
            if total > size:
                break
            yield buffer[:count]
            if total == size and count < len(buffer):  # there was room for more, and no more came
                break
        self.check_unchanged()
        if total != size:
            raise VolumeError(SOURCE_CHANGED, f"{self._found.path!r} changed while it was read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._handle)


class SourceFolder:
    """The folder. Not for several threads at once; a context manager.

    Raises:
        VolumeError: 3007, the folder itself cannot be opened.
    """

    def __init__(self, root: Path) -> None:
        try:
            self._walk = FolderHandles(root)
            self._reads = FolderHandles(root)
        except OSError as error:
            raise _unreadable(str(root), error) from error
        self._last_folder: str | None = None
        self._last_handle = -1

    def scan(self) -> Iterator[FoundFile | FoundFolder | LeftOut]:
        """Everything below the folder, in order of names; each folder before what is in it."""
        waiting = [""]
        while waiting:
            path = waiting.pop()
            try:
                handle = self._walk.open(_names(path))
                with os.scandir(handle) as listing:
                    entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
                    found = [_describe(path, entry) for entry in entries]
            except OSError as error:
                yield LeftOut(path, Reason.UNREADABLE, error.strerror or "")
                continue
            yield from found
            waiting += [inner.path for inner in reversed(found) if isinstance(inner, FoundFolder)]

    def open(self, found: FoundFile) -> SourceFile:
        """Open a file that `scan` found.

        Raises:
            VolumeError: 3006, another file is in its place; 3007, it cannot be opened.
        """
        folder, _, name = found.path.rpartition("/")
        try:
            if folder != self._last_folder:
                self._last_folder = None
                self._last_handle = self._reads.open(_names(folder))
                self._last_folder = folder
            handle = os.open(bytes_from_text(name), _FILE_FLAGS, dir_fd=self._last_handle)
        except OSError as error:
            raise _unreadable(found.path, error) from error
        if _seen(os.fstat(handle)) != found.seen:
            os.close(handle)
            raise VolumeError(SOURCE_CHANGED, f"{found.path!r} changed since it was found")
        return SourceFile(handle, found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._walk.close()
        self._reads.close()


def _names(path: str) -> list[bytes]:
    return bytes_from_text(path).split(b"/") if path else []


def _seen(status: os.stat_result) -> tuple[int, ...]:
    """Which file, and its state: whoever writes to it changes one of these."""
    when = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_size, *when


def _describe(folder: str, entry: os.DirEntry[str]) -> FoundFile | FoundFolder | LeftOut:
    name = text_from_bytes(os.fsencode(entry.name))
    path = f"{folder}/{name}" if folder else name
    try:
        check_path(path)
        status = entry.stat(follow_symlinks=False)
    except VolumeError as error:
        return LeftOut(path, Reason.BAD_PATH, error.message)
    except OSError as error:
        return LeftOut(path, Reason.UNREADABLE, error.strerror or "")
    mtime_ns = min(max(status.st_mtime_ns, MTIME_NS_MIN), MTIME_NS_MAX)
    if stat.S_ISREG(status.st_mode):
        return FoundFile(path, status.st_size, mtime_ns, _seen(status))
    if stat.S_ISDIR(status.st_mode):
        return FoundFolder(path, mtime_ns)
    return LeftOut(path, _reason(status.st_mode))


def _reason(mode: int) -> Reason:
    if stat.S_ISLNK(mode):
        return Reason.SYMBOLIC_LINK
    if stat.S_ISSOCK(mode):
        return Reason.SOCKET
    return Reason.PIPE if stat.S_ISFIFO(mode) else Reason.DEVICE


def _unreadable(path: str, error: OSError) -> VolumeError:
    return VolumeError(SOURCE_UNREADABLE, f"cannot read {path!r}: {error.strerror}")
