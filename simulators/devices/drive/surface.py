"""What flaws do to the bytes of a disc.

A flawed sector gets one wrong byte. The last cluster is spared: a burn pads it with
zeros that no one reads.
"""

import os
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

from simulators.world.disc import SECTOR_BYTES, Disc

CLUSTER_SECTORS = 32
DIRTY_LENS = "dirty-lens"
"""Name of the fault in the world, with the drive's name, that spoils reading in one drive."""
WEAK_LASER = "weak-burn"
"""Name of the fault in the world, with the drive's name, that spoils all burns of one drive."""


def spoil_sectors(path: Path, sectors: Iterable[int]) -> None:
    """Change one byte of each sector that the file has; two flaws never mend each other."""
    with path.open("r+b", buffering=0) as image:
        size_bytes = os.fstat(image.fileno()).st_size
        for sector in sectors:
            offset = sector * SECTOR_BYTES + sector % SECTOR_BYTES
            if offset < size_bytes:
                byte = os.pread(image.fileno(), 1, offset)
                os.pwrite(image.fileno(), bytes([(byte[0] + 0x5B) % 256]), offset)


def weak_sectors(disc: Disc) -> list[int]:
    """Sectors that a weak burn leaves wrong: about one in a thousand, the same ones each time."""
    readable = max(1, disc.written_sectors - CLUSTER_SECTORS)
    chance = random.Random(disc.serial)  # noqa: S311  # a scenario is to be repeatable
    count = max(1, min(1000, readable // 1000))
    return sorted({chance.randrange(readable) for _ in range(count)})


def scratched_sectors(disc: Disc) -> Iterable[int]:
    for scratch in disc.scratches:
        yield from range(scratch.first_sector, scratch.first_sector + scratch.sectors)


def copy_degraded(disc: Disc, image: Path, copy: Path) -> None:
    """Make a copy, as sparse as the image, of what a drive with a dirty lens reads."""
    with image.open("rb", buffering=0) as source, copy.open("wb", buffering=0) as target:
        size_bytes = os.fstat(source.fileno()).st_size
        os.truncate(target.fileno(), size_bytes)
        for start, end in _data_ranges(source.fileno(), size_bytes):
            offset = os.lseek(target.fileno(), start, os.SEEK_SET)
            while offset < end:
                offset += os.sendfile(target.fileno(), source.fileno(), offset, end - offset)
    shutil.copystat(image, copy)
    spoil_sectors(copy, weak_sectors(disc))


def _data_ranges(file: int, size_bytes: int) -> Iterable[tuple[int, int]]:
    offset = 0
    while offset < size_bytes:
        try:
            start = os.lseek(file, offset, os.SEEK_DATA)
        except OSError:  # no data beyond the offset
            return
        offset = os.lseek(file, start, os.SEEK_HOLE)
        yield start, offset
