"""Bringing a whole file system's writes to its disk with one call."""

import ctypes
import os
from functools import cache
from typing import Any


def sync_filesystem(path: str) -> None:
    """Return when everything written so far to the file system of `path` is on its disk.

    One such call costs about as much as one fsync and stands for thousands of them.

    Raises:
        OSError: the disk reported a failed write.
    """
    syncfs = _syncfs()
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Any:
    """Linux's syncfs(2), which Python's `os` lacks; None where the C library has none."""
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
