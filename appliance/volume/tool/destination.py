"""A folder that files are restored into: nothing is ever written outside it.

Every path is opened name by name without following symbolic links; a file appears under its name
only when it is whole.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Self

from appliance.volume.errors import (
    DESTINATION_EXISTS,
    DESTINATION_FULL,
    DESTINATION_UNWRITABLE,
    VolumeError,
)
from appliance.volume.names import bytes_from_text, check_path
from appliance.volume.tool.handles import FolderHandles

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


class Destination:
    """Paths are below `root`, in name text; times in ns since 1970. A context manager.

    Raises (every method):
        VolumeError: 3001, not a path; 3108, the disk is full; 3109, the system refuses, with its
            reason, for example a symbolic link in the way or a name too long.
    """

    def __init__(self, root: Path, *, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._handles = FolderHandles(root)
        except OSError as error:
            _refuse(str(root), error)

    def make_folder(self, path: str) -> None:
        """Make sure that the folder is there, and those above it."""
        check_path(path)
        try:
            self._handles.open(_names(path), create=True)
        except OSError as error:
            _refuse(path, error)

    def set_folder_mtime(self, path: str, mtime_ns: int) -> None:
        """Set a folder's time: after everything in it was written."""
        check_path(path)
        try:
            handle = self._handles.open(_names(path))
        except OSError as error:
            _refuse(path, error)
        _set_mtime(path, handle, mtime_ns)

    def write_file(
        self, path: str, chunks: Iterable[bytes | memoryview], mtime_ns: int | None = None
    ) -> None:
        """Write a whole file; when `chunks` raises, nothing remains of it.

        Raises:
            VolumeError: 3107, there is something of that name and `overwrite` is off.
        """
        check_path(path)
        *folders, name = _names(path)
        partial = b".stele-%b.part" % hashlib.sha256(name).hexdigest()[:24].encode()
        folder, handle = self._open_partial(path, folders, name, partial)
        try:
            try:
                for chunk in chunks:
                    _write(path, handle, chunk)
                _set_mtime(path, handle, mtime_ns)
            finally:
                os.close(handle)
            self._reveal(path, folder, partial, name)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=folder)

    def _open_partial(
        self, path: str, folders: list[bytes], name: bytes, partial: bytes
    ) -> tuple[int, int]:
        """The handles of the file's folder and of the file that its content is written to."""
        try:
            folder = self._handles.open(folders, create=True)
            if not self._overwrite:
                with suppress(FileNotFoundError):
                    os.stat(name, dir_fd=folder, follow_symlinks=False)
                    raise VolumeError(DESTINATION_EXISTS, f"{path!r} is there already")
            with suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=folder)
            return folder, os.open(partial, _WRITE_FLAGS, 0o666, dir_fd=folder)
        except OSError as error:
            _refuse(path, error)

    def _reveal(self, path: str, folder: int, partial: bytes, name: bytes) -> None:
        """Give the whole file its name, without replacing anything unless that is wanted."""
        try:
            if not self._overwrite:
                try:
                    os.link(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
                except OSError as error:
                    if error.errno not in _NO_HARD_LINKS:
                        raise
                else:
                    return
            os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError as error:
            raise VolumeError(DESTINATION_EXISTS, f"{path!r} is there already") from error
        except OSError as error:
            _refuse(path, error)

    def sha256_of(self, path: str) -> bytes | None:
        """The SHA-256 of the regular file that is there; `None` if there is none."""
        check_path(path)
        *folders, name = _names(path)
        try:
            handle = os.open(name, _READ_FLAGS, dir_fd=self._handles.open(folders))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
                return None
            _refuse(path, error)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            return hashlib.file_digest(file, "sha256").digest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._handles.close()


def _names(path: str) -> list[bytes]:
    return bytes_from_text(path).split(b"/")


def _write(path: str, handle: int, chunk: bytes | memoryview) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(handle, view) :]
    except OSError as error:
        _refuse(path, error)


def _set_mtime(path: str, handle: int, mtime_ns: int | None) -> None:
    if mtime_ns is None:
        return
    try:
        os.utime(handle, ns=(mtime_ns, mtime_ns))
    except (OSError, OverflowError) as error:
        _refuse(path, error)


def _refuse(path: str, error: Exception) -> NoReturn:
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        raise VolumeError(DESTINATION_FULL, f"the disk is full: {path!r} is not written") from error
    reason = os.strerror(number) if number else str(error)
    raise VolumeError(DESTINATION_UNWRITABLE, f"cannot write {path!r}: {reason}") from error
