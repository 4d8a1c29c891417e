"""Whose turn it is to write one stream, among all threads, processes and hosts: a number in a file.

The file is locked (flock) for as long as something is decided or written, never while somebody is
waited for. The kernel lets go of the lock of a process that ends, however it ends; over NFS 4 the
server does, when it has not heard of a host for its lease time.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.contract.errors import SteleError

PATIENCE_S = 20.0
_POLL_S = 0.005
_BYTES = 8


class Turn:
    """The number in the file `path`, which is made when it is needed. Without one it is 0."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else out. Every other call is made within this.

        Raises:
            SteleError: 5465 somebody has held it for too long, or it cannot be opened.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise SteleError(5465, f"{self._path.name} cannot be opened: {error}") from error
        try:
            self._lock(descriptor)
            self._descriptor = descriptor
            yield
        finally:
            self._descriptor = -1
            os.close(descriptor)

    def read(self) -> int:
        """The last turn that was taken."""
        return int.from_bytes(os.pread(self._descriptor, _BYTES, 0), "big")

    def next(self) -> int:
        """Take the next turn; whoever had the last one finds out when it looks.

        Raises:
            SteleError: 3412 the disk is full, or fails.
        """
        turn = self.read() + 1
        try:
            os.pwrite(self._descriptor, turn.to_bytes(_BYTES, "big"), 0)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SteleError(3412, f"delivered files cannot be written: {reason}") from error
        return turn

    def _lock(self, descriptor: int) -> None:
        give_up_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up_s:
                    text = f"{self._path.name} is held by a process that does not go on"
                    raise SteleError(5465, text) from None
                time.sleep(_POLL_S)
            else:
                return
