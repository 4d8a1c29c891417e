"""The cabinet's sockets, reached through their folder.

A socket's address has at most 107 bytes, a folder may be deeper: the address therefore
goes through an open descriptor of the folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

SOCKET = "control.sock"


@contextmanager
def short_path(folder: str | os.PathLike[str], name: str = SOCKET) -> Iterator[str]:
    """Give a short address of a socket in the folder, valid inside the `with`."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
