"""The file system of one disk: a folder that keeps no more than the disk holds."""

import contextlib
import os
import shutil
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path

from simulators.world.disks import Disk

SUPERBLOCK_AT = 1024
BLOCK_BYTES = 4096
OVERHEAD = 0.016
"""Share of a disk that ext4 keeps for itself: inode tables, journal, bitmaps."""
UNREADABLE = "/proc/self/mem"
LOST_FOUND = "lost+found"


def usable_bytes(disk: Disk) -> int:
    """Bytes of files that fit on the disk."""
    return int(disk.capacity_bytes * (1 - OVERHEAD)) // BLOCK_BYTES * BLOCK_BYTES


def used_bytes(folder: Path) -> int:
    """Bytes that the files below the folder take, in whole blocks."""
    return sum(_blocks(path.lstat().st_size) for path in _files(folder))


def _blocks(size_bytes: int) -> int:
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def device_path(folder: Path) -> Path:
    """What stands for the disk as a block device, beside the folder with its files."""
    return folder.with_name(f"{folder.name}.img")


def ensure_device(folder: Path, disk: Disk) -> Path:
    """Have the disk's device file, of the disk's size or as large as the host allows."""
    path = device_path(folder)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        size_bytes = disk.capacity_bytes
        while path.stat().st_size == 0 and size_bytes:
            with contextlib.suppress(OSError):  # EFBIG: more than one file may have here
                os.truncate(path, size_bytes)
            size_bytes //= 2
        if disk.filesystem:
            _write_superblock(path, disk)
    return path


def make_filesystem(folder: Path, disk: Disk, label: str) -> None:
    """Give the disk an empty ext4 file system; all that was on it is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / LOST_FOUND).mkdir(parents=True)
    disk.filesystem = "ext4"
    disk.label = label[:16]
    disk.uuid = str(uuid.uuid4())
    disk.bad_paths = []
    _write_superblock(ensure_device(folder, disk), disk)


def _write_superblock(device: Path, disk: Disk) -> None:
    """Source of the offsets: Linux, Documentation/filesystems/ext4/super.rst."""
    block = bytearray(1024)
    struct.pack_into("<II", block, 0x00, 16, disk.capacity_bytes // BLOCK_BYTES & 0xFFFFFFFF)
    struct.pack_into("<I", block, 0x18, 2)  # blocks of 1024 << 2
    struct.pack_into("<HHH", block, 0x38, 0xEF53, 1, 1)  # magic, clean, continue on errors
    struct.pack_into("<I", block, 0x4C, 1)  # revision with inode sizes
    struct.pack_into("<III", block, 0x5C, 0x4, 0x42, 0)  # journal; file types, extents
    block[0x68:0x78] = uuid.UUID(disk.uuid).bytes
    block[0x78:0x88] = disk.label.encode()[:16].ljust(16, b"\0")
    with device.open("r+b", buffering=0) as file:
        os.pwrite(file.fileno(), block, SUPERBLOCK_AT)


def cut_to_capacity(folder: Path, disk: Disk) -> list[str]:
    """Cut off what the disk cannot hold, newest first; the names of what was cut."""
    over = used_bytes(folder) - usable_bytes(disk)
    cut = []
    if over > 0:
        for path in sorted(_files(folder), key=lambda path: path.lstat().st_mtime_ns, reverse=True):
            size_bytes = path.lstat().st_size
            kept = max(0, _blocks(size_bytes) - over)
            over -= _blocks(size_bytes) - kept
            os.truncate(path, kept)
            cut.append(str(path.relative_to(folder)))
            if over <= 0:
                break
    return cut


def keep_unreadable(folder: Path, bad_paths: list[str]) -> None:
    """Let these files, relative to the folder, read with EIO, and no others any more.

    Such a file becomes a link to `/proc/self/mem`, which has nothing at address 0: Linux says EIO.
    The bytes stay aside, so that the damage can be undone.
    """
    aside = folder.with_name(f"{folder.name}.unreadable")
    for relative in bad_paths:
        path = folder / relative
        if path.is_file() and not path.is_symlink():
            (aside / relative).parent.mkdir(parents=True, exist_ok=True)
            path.rename(aside / relative)
            path.symlink_to(UNREADABLE)
    for kept in _files(aside):
        path = folder / kept.relative_to(aside)
        if str(kept.relative_to(aside)) not in bad_paths and path.is_symlink():
            kept.replace(path)
