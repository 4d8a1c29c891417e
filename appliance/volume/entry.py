"""A file or folder found on a disc."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder below `data/`.

    `path` is the true one in name text, as in a plan; `disc_path` the one on the disc, with
    `data/`; `extents` are byte offsets on the disc and lengths in bytes; `mtime_ns` is since 1970,
    UTC; `entry_block` says where in the partition it is described.
    """

    path: str
    disc_path: str
    folder: bool
    size_bytes: int
    mtime_ns: int
    extents: tuple[tuple[int, int], ...]
    entry_block: int
