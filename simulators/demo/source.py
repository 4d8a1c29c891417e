"""Real files to archive when nobody names any."""

import os
import stat
import sysconfig
from collections.abc import Iterator
from pathlib import Path

MIN_FILES = 1_000
MIN_BYTES = 20_000_000
MAX_BYTES = 400_000_000


def regular_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every regular file below `folder`, links not followed, in a stable order."""
    for place, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            path = Path(place, name)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                yield path, status


def measure(folder: Path) -> tuple[int, int]:
    """How many regular files lie below `folder`, and their bytes."""
    files = size_bytes = 0
    for _, status in regular_files(folder):
        files += 1
        size_bytes += status.st_size
    return files, size_bytes


def default_source() -> Path:
    """The first folder of this machine that holds enough real files, and not too many.

    Documentation comes first, since it is what an archive would hold; a machine that was installed
    without it still has Python's own libraries.

    Raises:
        FileNotFoundError: no folder will do.
    """
    paths = sysconfig.get_paths()
    for candidate in ("/usr/share/doc", "/usr/share/perl", paths["purelib"], paths["stdlib"]):
        folder = Path(candidate)
        if not folder.is_dir():
            continue
        files, size_bytes = measure(folder)
        if files >= MIN_FILES and MIN_BYTES <= size_bytes <= MAX_BYTES:
            return folder
    raise FileNotFoundError("no folder with 1,000 files found here: name one with SOURCE=…")
