"""A real block device (or an image file), read by byte range.

Reads must come from the medium, not from what the kernel remembers of a disc that lay there before
or of a burn just made. `open` therefore drops the device's cached pages (`POSIX_FADV_DONTNEED`),
and so does `aclose`, for the sake of the machine's memory. `O_DIRECT` would forbid odd offsets and
lengths and is not supported by every `sr` driver. Pages that another process has mapped stay; no
one maps an optical drive.
"""

import asyncio
import contextlib
import errno
import os
from pathlib import Path


class LocalBlockDevice:
    """`BlockDevice` at a path such as ``/dev/sr0``. Opening anew closes what was open."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._fd = -1

    async def open(self) -> int:
        await self.aclose()
        return await asyncio.to_thread(self._open)

    def _open(self) -> int:
        self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
            return os.lseek(self._fd, 0, os.SEEK_END)
        except OSError:
            self._close()
            raise

    async def read_at(self, offset: int, length: int) -> bytes:
        return await asyncio.to_thread(self._read_at, offset, length)

    def _read_at(self, offset: int, length: int) -> bytes:
        if self._fd < 0:
            raise OSError(errno.EBADF, "not open", str(self.path))
        data = bytearray()
        while len(data) < length:
            try:
                piece = os.pread(self._fd, length - len(data), offset + len(data))
            except OSError:
                if not data:
                    raise
                break
            if not piece:
                break
            if len(piece) == length:
                return piece
            data += piece
        return bytes(data)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with contextlib.suppress(OSError):
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
