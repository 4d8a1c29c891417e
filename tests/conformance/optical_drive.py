"""What every `OpticalDrive` must do: checks that run over any rig.

A rig is a drive with somebody who puts discs into it. The checks are coroutines, so that each rig
chooses its event loop (real or virtual).
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.optical_drive import (
    SECTOR_BYTES,
    BurnProgress,
    DiscStatus,
    OpticalDrive,
)

MEBIBYTE = 1 << 20
CLUSTER_BYTES = 32 * SECTOR_BYTES


class DriveRig(Protocol):
    drive: OpticalDrive

    async def put_blank(self) -> None:
        """Leave a blank disc in the closed drive. The drive's driver does not know yet."""

    def restarted(self) -> OpticalDrive:
        """Return a driver of the same drive that knows nothing yet."""


def image_bytes(size_bytes: int, seed: int = 1) -> bytes:
    """Bytes that no drive takes for an empty disc."""
    return random.Random(seed).randbytes(size_bytes)


async def chunks(data: bytes, size: int = 300_000) -> AsyncIterator[bytes | memoryview]:
    for start in range(0, len(data), size):
        yield memoryview(data)[start : start + size]


async def a_fresh_disc_is_blank_with_a_capacity(rig: DriveRig) -> None:
    await rig.put_blank()
    disc = await rig.drive.disc()
    assert disc.status is DiscStatus.BLANK
    assert disc.capacity_bytes is not None
    assert disc.capacity_bytes > 100 * MEBIBYTE
    assert disc.capacity_bytes % SECTOR_BYTES == 0
    assert not disc.damaged


async def a_burned_disc_is_closed_and_reads_back(rig: DriveRig) -> None:
    await rig.put_blank()
    image = image_bytes(3 * MEBIBYTE + 5 * SECTOR_BYTES)
    result = await rig.drive.burn(chunks(image), len(image))
    assert result.bytes_written == len(image)
    assert result.seconds > 0
    disc = await rig.drive.disc()
    assert disc.status is DiscStatus.CLOSED
    reader = await rig.drive.open_reader()
    assert len(image) <= reader.size_bytes < len(image) + CLUSTER_BYTES
    assert await reader.read_at(0, len(image)) == image
    await reader.aclose()


async def a_reader_counts_what_it_delivers_and_stops_at_the_end(rig: DriveRig) -> None:
    await rig.put_blank()
    image = image_bytes(MEBIBYTE)
    await rig.drive.burn(chunks(image), len(image))
    reader = await rig.drive.open_reader()
    assert reader.bytes_read == 0
    assert await reader.read_at(1000, 5000) == image[1000:6000]
    assert reader.bytes_read == 5000
    tail = await reader.read_at(len(image) - 100, MEBIBYTE)
    assert tail[:100] == image[-100:]
    assert len(tail) == reader.size_bytes - len(image) + 100
    assert await reader.read_at(reader.size_bytes, 10) == b""
    assert reader.bytes_read == 5000 + len(tail)
    await reader.aclose()


async def a_written_disc_is_never_written_again(rig: DriveRig) -> None:
    await rig.put_blank()
    image = image_bytes(MEBIBYTE)
    await rig.drive.burn(chunks(image), len(image))
    taken = _Counted(image_bytes(MEBIBYTE, seed=2))
    for drive in (rig.drive, rig.restarted()):
        with pytest.raises(HalError) as caught:
            await drive.burn(taken.chunks(), MEBIBYTE)
        assert caught.value.code == 3204
    assert taken.count_bytes == 0
    reader = await rig.drive.open_reader()
    assert await reader.read_at(0, MEBIBYTE) == image
    await reader.aclose()


async def an_image_larger_than_the_disc_is_refused_before_anything_is_taken(rig: DriveRig) -> None:
    await rig.put_blank()
    capacity = (await rig.drive.disc()).capacity_bytes
    assert capacity is not None
    taken = _Counted(image_bytes(MEBIBYTE))
    with pytest.raises(HalError) as caught:
        await rig.drive.burn(taken.chunks(), capacity + MEBIBYTE)
    assert caught.value.code == 3205
    assert taken.count_bytes == 0
    assert (await rig.drive.disc()).status is DiscStatus.BLANK


async def an_open_tray_has_no_disc(rig: DriveRig) -> None:
    await rig.put_blank()
    await rig.drive.open_tray()
    await rig.drive.open_tray()
    assert (await rig.drive.disc()).status is DiscStatus.ABSENT
    for call in (
        rig.drive.burn(chunks(bytes(SECTOR_BYTES)), SECTOR_BYTES),
        rig.drive.open_reader(),
    ):
        with pytest.raises(HalError) as caught:
            await call
        assert caught.value.code == 3203
    await rig.drive.close_tray()
    await rig.drive.close_tray()
    assert (await rig.drive.disc()).status is DiscStatus.BLANK


async def an_image_that_raises_ends_the_burn_and_spoils_the_disc(rig: DriveRig) -> None:
    await rig.put_blank()

    async def broken() -> AsyncIterator[bytes]:
        yield image_bytes(MEBIBYTE)
        raise LookupError("the stream broke")

    with pytest.raises(LookupError):
        await rig.drive.burn(broken(), 4 * MEBIBYTE)
    assert (await rig.drive.disc()).status is not DiscStatus.BLANK
    with pytest.raises(HalError) as caught:
        await rig.drive.burn(chunks(image_bytes(MEBIBYTE)), MEBIBYTE)
    assert caught.value.code == 3204


async def an_image_that_fails_at_its_start_leaves_the_disc_blank(rig: DriveRig) -> None:
    await rig.put_blank()

    async def unreachable() -> AsyncIterator[bytes]:
        raise LookupError("the console does not answer")
        yield b""

    with pytest.raises(LookupError):
        await rig.drive.burn(unreachable(), MEBIBYTE)
    assert (await rig.drive.disc()).status is DiscStatus.BLANK
    image = image_bytes(MEBIBYTE)
    await rig.drive.burn(chunks(image), len(image))


async def a_cancelled_burn_is_ended_and_leaves_the_drive_usable(rig: DriveRig) -> None:
    await rig.put_blank()
    started = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield image_bytes(MEBIBYTE)
        started.set()
        await asyncio.Event().wait()

    burn = asyncio.ensure_future(rig.drive.burn(endless(), 4 * MEBIBYTE))
    await started.wait()
    with pytest.raises(HalError) as busy:
        await rig.drive.disc()
    assert busy.value.code == 3202
    burn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await burn
    assert (await rig.drive.disc()).status is not DiscStatus.BLANK
    await rig.put_blank()
    assert (await rig.drive.disc()).status is DiscStatus.BLANK


async def an_image_of_another_length_than_planned_is_an_error(rig: DriveRig) -> None:
    for planned, delivered in ((2 * MEBIBYTE, MEBIBYTE), (MEBIBYTE, 2 * MEBIBYTE)):
        await rig.put_blank()
        with pytest.raises(HalError) as caught:
            await rig.drive.burn(chunks(image_bytes(delivered)), planned)
        assert caught.value.code == 3208
        assert "spoiled" in caught.value.detail


async def progress_grows_to_the_whole_and_never_beyond(rig: DriveRig) -> None:
    await rig.put_blank()
    image = image_bytes(8 * MEBIBYTE)
    told: list[BurnProgress] = []
    await rig.drive.burn(chunks(image), len(image), on_progress=told.append)
    written = [progress.bytes_written for progress in told]
    assert written == sorted(written)
    assert written[-1] == len(image)
    assert {progress.bytes_total for progress in told} == {len(image)}


async def an_idle_drive_is_idle_at_once(rig: DriveRig) -> None:
    await rig.put_blank()
    await rig.drive.wait_idle(60)


async def waiting_for_idle_waits_for_the_burn(rig: DriveRig) -> None:
    await rig.put_blank()
    started = asyncio.Event()
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield image_bytes(MEBIBYTE)
        started.set()
        await go_on.wait()
        yield image_bytes(MEBIBYTE, seed=2)

    burn = asyncio.ensure_future(rig.drive.burn(slow(), 2 * MEBIBYTE))
    await started.wait()
    waiting = asyncio.ensure_future(rig.drive.wait_idle(600))
    await asyncio.sleep(0)
    assert not waiting.done()
    go_on.set()
    await waiting
    assert burn.done()
    await burn


async def a_restarted_driver_learns_the_state_from_the_drive(rig: DriveRig) -> None:
    await rig.put_blank()
    image = image_bytes(MEBIBYTE)
    await rig.drive.burn(chunks(image), len(image))
    drive = rig.restarted()
    await drive.wait_idle(60)
    assert (await drive.disc()).status is DiscStatus.CLOSED
    reader = await drive.open_reader()
    assert await reader.read_at(0, len(image)) == image
    await reader.aclose()


class _Counted:
    """An image that tells how much of it was taken."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.count_bytes = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        self.count_bytes += len(self._data)
        yield self._data


CHECKS: tuple[Callable[[DriveRig], Awaitable[None]], ...] = (
    a_fresh_disc_is_blank_with_a_capacity,
    a_burned_disc_is_closed_and_reads_back,
    a_reader_counts_what_it_delivers_and_stops_at_the_end,
    a_written_disc_is_never_written_again,
    an_image_larger_than_the_disc_is_refused_before_anything_is_taken,
    an_open_tray_has_no_disc,
    an_image_that_raises_ends_the_burn_and_spoils_the_disc,
    an_image_that_fails_at_its_start_leaves_the_disc_blank,
    a_cancelled_burn_is_ended_and_leaves_the_drive_usable,
    an_image_of_another_length_than_planned_is_an_error,
    progress_grows_to_the_whole_and_never_beyond,
    an_idle_drive_is_idle_at_once,
    waiting_for_idle_waits_for_the_burn,
    a_restarted_driver_learns_the_state_from_the_drive,
)


def check_name(check: Callable[[DriveRig], Awaitable[None]]) -> str:
    return check.__name__
