"""The console's processes on one data folder: at most one of a kind."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from appliance.contract.errors import SteleError

READY_FILE = "worker.ready"
"""Holds the process id of the worker that is at work."""


@contextlib.contextmanager
def only_one(path: Path, message: str) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go of it when the process ends.

    Raises:
        SteleError: 5453 `message`: another process holds it.
    """
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SteleError(5453, message) from error
        yield
