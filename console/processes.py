"""The console's processes on one data folder: one supervisor, any number of workers."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from appliance.contract.errors import SteleError

READY_FILE = "worker.ready"
"""Holds the process id of the first worker while it is at work; see `ready_file`."""


def ready_file(data: Path, number: int) -> Path:
    """The file of the worker of a number on this host: `worker.ready`, `worker-2.ready` …"""
    return data / (READY_FILE if number == 1 else f"worker-{number}.ready")


def workers_here(data: Path) -> int:
    """How many workers of the data folder are alive on this machine."""
    return sum(_is_alive(file) for file in data.glob("worker*.ready"))


def _is_alive(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except PermissionError:  # it is there, and another user's
        return True
    except (OSError, ValueError):
        return False
    return True


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
