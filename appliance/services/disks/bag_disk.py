"""A volume's bag folder on a mounted file system: written, read back, removed. Blocking calls.

The folder has a temporary name until all of it is on the disk, so one that has its own name is
whole. Nothing on the disk is followed, and nothing that is there is ever replaced.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from appliance.contract.errors import SteleError
from appliance.volume.bag_folder import BagFolder
from appliance.volume.errors import PAYLOAD_LENGTH, VolumeError
from appliance.volume.file_digest import FileDigest
from appliance.volume.tool.handles import FolderHandles

WRITE_FAILED = 3325
DIFFERS = 3326
READ_FAILED = 3327
STEP_BYTES = 1 << 20
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def is_there(root: Path, bag: BagFolder) -> bool:
    """Whether the whole volume is on the disk."""
    return (root / bag.name).is_dir()


def remove_part(root: Path, bag: BagFolder) -> None:
    """Remove what a broken-off writing has left; what has its own name is never removed."""
    part = root / bag.part_name
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part)


def discard(root: Path, bag: BagFolder) -> None:
    """Remove a volume that does not count; while that goes on it has its temporary name."""
    remove_part(root, bag)
    if is_there(root, bag):
        (root / bag.name).rename(root / bag.part_name)
        remove_part(root, bag)


class BagWriter:
    """One writing. Push the payload in plan order, then `finish`; `close` in any case.

    Raises (every method):
        OSError: the disk refuses.
    """

    def __init__(self, root: Path, bag: BagFolder) -> None:
        self._root = root
        self._bag = bag
        self._files = bag.plan.files
        self._index = -1
        self._left = 0
        self._handle = -1
        self._digest = FileDigest(with_sm3="sm3" in bag.plan.identity.digests)
        remove_part(root, bag)
        (root / bag.part_name).mkdir()
        self._handles = FolderHandles(root / bag.part_name)

    def begin(self) -> None:
        """Make the folders, and the files in the bag's root."""
        for path, _ in self._bag.folders():
            self._handles.open(_names(path), create=True)
        for tag in self._bag.tags:
            self._open(tag.name)
            for offset in range(0, tag.size_bytes, STEP_BYTES):
                step = min(STEP_BYTES, tag.size_bytes - offset)
                self._write(memoryview(tag.region.read(offset, step)))
            self._shut(self._bag.created_ns)

    def feed(self, chunk: bytes | memoryview) -> None:
        """The next bytes of the payload.

        Raises:
            VolumeError: 3003 a file does not have its digest, 3004 there is too much.
        """
        view = memoryview(chunk)
        while view:
            if not self._left:
                self._next_file()
            part = view[: self._left]
            view = view[len(part) :]
            self._digest.update(part)
            self._write(part)
            self._left -= len(part)
            if not self._left:
                self._end_file()

    def finish(self) -> None:
        """Have everything on the disk, then give the folder its name.

        Raises:
            VolumeError: 3003, 3004 the payload is too short.
            FileExistsError: a folder of that name is there.
        """
        while not self._left and self._index + 1 < len(self._files):
            if self._files[self._index + 1].size_bytes:
                break
            self._next_empty()
        if self._left or self._index + 1 < len(self._files):
            path = self._files[max(self._index, 0)].path
            raise VolumeError(PAYLOAD_LENGTH, f"the payload ends near {path!r}")
        for path, mtime_ns in self._bag.folders():
            os.utime(self._handles.open(_names(path)), ns=(mtime_ns, mtime_ns))
        os.sync()  # a volume has thousands of files: syncing each would take longer than writing
        target = self._root / self._bag.name
        if target.exists():
            raise FileExistsError(f"{target.name} is on the disk already")
        (self._root / self._bag.part_name).rename(target)
        _sync_folder(self._root)

    def close(self) -> None:
        """Let go of the files; nothing is removed."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._handles.close()

    def _next_file(self) -> None:
        while True:
            if self._index + 1 >= len(self._files):
                raise VolumeError(PAYLOAD_LENGTH, "there is more payload than the plan has files")
            if self._files[self._index + 1].size_bytes:
                break
            self._next_empty()
        self._index += 1
        self._left = self._files[self._index].size_bytes
        self._open(self._bag.path_of(self._index))

    def _next_empty(self) -> None:
        self._index += 1
        self._open(self._bag.path_of(self._index))
        self._end_file()

    def _end_file(self) -> None:
        file = self._files[self._index]
        self._digest.require(file)
        self._shut(file.mtime_ns)

    def _open(self, path: str) -> None:
        *folders, name = _names(path)
        folder = self._handles.open(folders)
        self._handle = os.open(name, _WRITE, 0o644, dir_fd=folder)

    def _write(self, view: memoryview) -> None:
        while view:
            view = view[os.write(self._handle, view) :]

    def _shut(self, mtime_ns: int) -> None:
        with suppress(OverflowError):
            os.utime(self._handle, ns=(mtime_ns, mtime_ns))
        os.close(self._handle)
        self._handle = -1


class BagOnDisk:
    """A bag folder read back, from the disk and not from what the system remembers of it.

    Raises (every method):
        SteleError: 3326 it differs from its plan; 3327 it cannot be read.
    """

    def __init__(self, root: Path, bag: BagFolder) -> None:
        self._bag = bag
        try:
            self._handles = FolderHandles(root / bag.name)
        except OSError as error:
            raise _unreadable(bag.name, error) from error

    def check(self) -> Iterator[int]:
        """Read and compare everything; gives the number of bytes read with each step."""
        self._check_names()
        for tag in self._bag.tags:
            offset = 0
            for piece in self.chunks(tag.name, tag.size_bytes):
                if piece != tag.region.read(offset, len(piece)):
                    raise _differs(self._bag, tag.name)
                offset += len(piece)
                yield len(piece)
        digest = FileDigest(with_sm3=False)
        for index, file in enumerate(self._bag.plan.files):
            for piece in self.chunks(self._bag.path_of(index), file.size_bytes):
                digest.update(piece)
                yield len(piece)
            try:
                digest.require(file)
            except VolumeError as error:
                raise _differs(self._bag, file.path) from error

    def file_chunks(self, index: int) -> Iterator[bytes]:
        """The content of one file of the plan; its digest is the caller's to check."""
        return self.chunks(self._bag.path_of(index), self._bag.plan.files[index].size_bytes)

    def chunks(self, path: str, size_bytes: int) -> Iterator[bytes]:
        """The content of a file that must be of this size."""
        try:
            *folders, name = _names(path)
            handle = os.open(name, _READ, dir_fd=self._handles.open(folders))
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            left = size_bytes
            while piece := os.read(handle, min(STEP_BYTES, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise _differs(self._bag, path)
                yield piece
            if left:
                raise _differs(self._bag, path)
        except OSError as error:
            raise _unreadable(path, error) from error
        finally:
            os.close(handle)

    def close(self) -> None:
        self._handles.close()

    def _check_names(self) -> None:
        """Nothing is missing, and nothing is there that the plan does not know."""
        for path, names in self._bag.names_in():
            try:
                with os.scandir(self._handles.open(_names(path))) as listing:
                    found = {os.fsencode(entry.name) for entry in listing}
            except OSError as error:
                raise _unreadable(path, error) from error
            if found != {name.encode() for name in names}:
                raise _differs(self._bag, path)


def _names(path: str) -> list[bytes]:
    return path.encode().split(b"/")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _differs(bag: BagFolder, path: str) -> SteleError:
    volume_id = bag.plan.identity.volume_id
    return SteleError(DIFFERS, f"volume {volume_id} on the disk differs from its plan", path[:500])


def _unreadable(path: str, error: OSError) -> SteleError:
    return SteleError(READ_FAILED, f"{path[:200]!r} on the disk cannot be read: {error.strerror}")
