"""The real block device, over image files."""

import errno
import os
from pathlib import Path

import pytest

from hal.transports.block_device import LocalBlockDevice
from hal.transports.interfaces import BlockDevice


async def test_any_range_of_a_file_is_read(tmp_path: Path) -> None:
    content = os.urandom(100_000)
    path = tmp_path / "disc"
    path.write_bytes(content)
    device = LocalBlockDevice(path)
    assert isinstance(device, BlockDevice)
    assert await device.open() == 100_000
    assert await device.read_at(0, 100_000) == content
    assert await device.read_at(99_999, 10) == content[-1:]
    assert await device.read_at(100_000, 10) == b""
    assert await device.read_at(12_345, 0) == b""
    await device.aclose()
    await device.aclose()


async def test_a_missing_medium_is_an_error_with_its_number(tmp_path: Path) -> None:
    device = LocalBlockDevice(tmp_path / "nothing")
    with pytest.raises(OSError, match="nothing") as caught:
        await device.open()
    assert caught.value.errno == errno.ENOENT


async def test_reading_what_is_not_open_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not open"):
        await LocalBlockDevice(tmp_path / "disc").read_at(0, 1)


async def test_opening_anew_sees_the_disc_that_lies_there_now(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    path.write_bytes(b"old")
    device = LocalBlockDevice(path)
    await device.open()
    path.unlink()
    path.write_bytes(b"newer")
    assert await device.open() == 5
    assert await device.read_at(0, 5) == b"newer"
    await device.aclose()


async def test_a_bad_sector_ends_the_delivery_and_then_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "disc"
    path.write_bytes(bytes(8192))
    real_pread = os.pread

    def pread(fd: int, length: int, offset: int) -> bytes:
        if offset >= 4096:
            raise OSError(errno.EIO, "Input/output error")
        return real_pread(fd, min(length, 4096 - offset), offset)

    monkeypatch.setattr(os, "pread", pread)
    device = LocalBlockDevice(path)
    await device.open()
    assert await device.read_at(2048, 6144) == bytes(2048)
    with pytest.raises(OSError, match="Input/output"):
        await device.read_at(4096, 2048)
    await device.aclose()
