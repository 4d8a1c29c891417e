"""The lock that lets only one process have a world."""

import fcntl
import os
import weakref
from pathlib import Path


class Lock:
    """Held until it is closed or forgotten, or its process dies."""

    def __init__(self, folder: Path) -> None:
        """Raises BlockingIOError: another process has the folder."""
        descriptor = os.open(folder / "world.lock", os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise BlockingIOError(f"another process has the world in {folder}") from None
        self._finalizer = weakref.finalize(self, os.close, descriptor)

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        self._finalizer()
