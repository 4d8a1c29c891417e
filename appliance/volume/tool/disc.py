"""An image file or a device, opened for reading; needs nothing else running."""

import os
import stat
from pathlib import Path
from typing import Self

from appliance.volume.errors import UNREADABLE_MEDIUM, VolumeError


class Disc:
    """A context manager; `size_bytes` is a device's capacity or a file's length.

    Raises:
        VolumeError: 3106, it cannot be opened, or is neither a file nor a block device.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise VolumeError(UNREADABLE_MEDIUM, f"cannot open {path}: {error.strerror}") from error
        mode = os.fstat(self._handle).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
            os.close(self._handle)
            raise VolumeError(UNREADABLE_MEDIUM, f"{path} is neither an image nor a block device")
        self.size_bytes = os.lseek(self._handle, 0, os.SEEK_END)

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes there, fewer only at the end.

        Raises:
            OSError: they cannot be read.
        """
        pieces = []
        while length > 0 and (piece := os.pread(self._handle, length, offset)):
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._handle)
