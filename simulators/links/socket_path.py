"""The cabinet's control socket, reached through its folder.

A socket's address has at most 107 bytes, a folder may be deeper: the address therefore
goes through an open descriptor of the folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

SOCKET = "control.sock"


@contextmanager
def short_path(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Give a short address of the folder's socket, valid inside the `with`."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
