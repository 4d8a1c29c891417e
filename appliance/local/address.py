"""The address of a socket, however deep its folder is.

A unix socket's address has at most 107 bytes, so it goes through an open descriptor of the folder.
Source: unix(7), proc(5).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """A short address of the socket, valid inside the `with`.

    Raises:
        OSError: there is no such folder.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
