"""Folders opened name by name from a root, so that no symbolic link is followed on the way.

Paths may be longer than the system's PATH_MAX and deeper than the limit of open files.
"""

import os
from collections.abc import Sequence
from contextlib import suppress

HELD_MAX = 64
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderHandles:
    """Opens folders below a root; holds the handles of the last path, at most 64.

    Neighbouring paths, as a walk or a plan gives them, cost one or two system calls each.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._names: list[bytes] = []
        self._held: dict[int, int] = {}

    def open(self, names: Sequence[bytes], *, create: bool = False) -> int:
        """The handle of the folder `names` below the root; it is valid until the next call.

        With `create`, missing folders are made on the way.

        Raises:
            OSError: as `openat` gives it; ELOOP or ENOTDIR where a symbolic link is in the way.
        """
        common = 0
        while common < min(len(names), len(self._names)) and names[common] == self._names[common]:
            common += 1
        for depth in [depth for depth in self._held if depth > common]:
            os.close(self._held.pop(depth))
        self._names = list(names[:common])
        deepest = max(self._held, default=0)
        handle = self._held.get(deepest, self._root)
        for depth in range(deepest, len(names)):
            handle = _enter(handle, names[depth], create=create)
            self._hold(depth + 1, handle)
        self._names = list(names)
        return handle

    def _hold(self, depth: int, handle: int) -> None:
        self._held[depth] = handle
        if len(self._held) > HELD_MAX:
            os.close(self._held.pop(min(self._held)))

    def close(self) -> None:
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()
        self._names.clear()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1


def _enter(above: int, name: bytes, *, create: bool) -> int:
    try:
        return os.open(name, FOLDER_FLAGS, dir_fd=above)
    except FileNotFoundError:
        if not create:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=above)
    return os.open(name, FOLDER_FLAGS, dir_fd=above)
