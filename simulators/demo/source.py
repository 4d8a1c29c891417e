"""What is archived: the folder that somebody named, or real files when nobody named any."""

import os
import shutil
import stat
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from simulators.demo.processes import DemoError

MIN_FILES = 1_000
MIN_BYTES = 20_000_000
MAX_BYTES = 400_000_000
ROOM = 5
"""Folders of the source's size that the demo needs: landing zone, two discs, what comes back."""


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


def check_folders(source: Path, out: Path | None) -> None:
    """Find out before anything is started whether the demo can go from `source` to `out`.

    Raises:
        DemoError: says what is wrong with which of the two; OSError: `out` cannot be made.
    """
    work = Path(tempfile.gettempdir()).resolve()
    if not source.is_dir():
        raise DemoError(f"SOURCE is no folder: {source}")
    if not any(source.iterdir()):
        raise DemoError(f"there is nothing to archive in {source}")
    if work.is_relative_to(source):
        raise DemoError(f"the demo works in {work}, which lies in SOURCE: set TMPDIR to another")
    if out is not None:
        if out.is_relative_to(source):
            raise DemoError(f"OUT {out} lies in SOURCE, which must not change meanwhile")
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise DemoError(f"OUT {out} is not an empty folder: it must not mix with what is there")
        out.mkdir(parents=True, exist_ok=True)
    _, size_bytes = measure(source)
    free_bytes = shutil.disk_usage(work).free
    if free_bytes < ROOM * size_bytes:
        raise DemoError(
            f"{size_bytes / 1e9:,.1f} GB need {ROOM} times as much room in {work}, where "
            f"{free_bytes / 1e9:,.1f} GB are free: name a smaller SOURCE, or set TMPDIR to another"
        )
