"""What every `TapeChanger` with its `TapeDrive`s must do: checks that run over any rig."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.tape import TapeChanger, TapeDrive

FULL, ALSO_FULL = "t01", "t02"
DRIVE, OTHER_DRIVE = "td1", "td2"


class TapeRig(Protocol):
    """A unit with blank cartridges in the slots t01 and t02, and its last slot empty."""

    changer: TapeChanger
    drive: TapeDrive
    """Drive td1."""

    def restarted(self) -> tuple[TapeChanger, TapeDrive]:
        """Return drivers of the same unit that know nothing yet."""


async def code_of(call: Awaitable[object]) -> int:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value.code


async def chunks(data: bytes, size: int = 300_001) -> AsyncIterator[bytes | memoryview]:
    for start in range(0, len(data), size):
        yield memoryview(data)[start : start + size]


def content(size_bytes: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size_bytes - 1) + b"."


async def read_all(drive: TapeDrive, file_number: int) -> bytes:
    return b"".join([chunk async for chunk in drive.read(file_number)])


async def a_cartridge_goes_to_the_drive_and_home(rig: TapeRig) -> None:
    changer, drive = rig.changer, rig.drive
    assert isinstance(changer, TapeChanger)
    assert isinstance(drive, TapeDrive)
    before = await changer.inventory()
    assert tuple(before.slots) == changer.slots
    assert tuple(before.drives) == changer.drives
    barcode = before.slots[FULL]
    assert barcode
    for _ in range(2):
        await changer.load(FULL, DRIVE)
        there = await changer.inventory()
        assert there.slots[FULL] is None
        assert there.drives[DRIVE] == barcode
        assert there.home_slots[DRIVE] == FULL
    await drive.eject()
    for _ in range(2):
        await changer.unload(DRIVE, FULL)
        assert await changer.inventory() == before


async def what_cannot_be_moved_is_refused(rig: TapeRig) -> None:
    changer, empty = rig.changer, rig.changer.slots[-1]
    assert await code_of(changer.load(empty, DRIVE)) == 2140
    assert await code_of(changer.unload(DRIVE, empty)) == 2140
    assert await code_of(changer.load("t99", DRIVE)) == 2146
    assert await code_of(changer.load(FULL, "td9")) == 2146
    await changer.load(FULL, DRIVE)
    assert await code_of(changer.load(ALSO_FULL, DRIVE)) == 2141
    await rig.drive.eject()
    assert await code_of(changer.unload(DRIVE, ALSO_FULL)) == 2143
    await changer.unload(DRIVE, empty)
    assert (await changer.inventory()).slots[FULL] is None


async def a_drive_without_cartridge_says_so(rig: TapeRig) -> None:
    assert not (await rig.drive.status()).online
    assert await code_of(rig.drive.append(chunks(b"data"))) == 3250
    assert await code_of(read_all(rig.drive, 0)) == 3250
    assert await code_of(rig.drive.rewind()) == 3250
    await rig.drive.eject()


async def tape_files_are_written_one_after_another_and_read_back(rig: TapeRig) -> None:
    await rig.changer.load(FULL, DRIVE)
    files = [content(size, seed) for seed, size in enumerate((700_000, 12, 262_144))]
    assert [await rig.drive.append(chunks(data)) for data in files] == [0, 1, 2]
    await rig.drive.rewind()
    for number in (2, 0, 1):
        found = await read_all(rig.drive, number)
        assert found.rstrip(b"\0") == files[number]
        assert len(found) % 512 == 0
    assert await code_of(read_all(rig.drive, 3)) == 3254


async def a_new_driver_goes_on_behind_the_last_file(rig: TapeRig) -> None:
    await rig.changer.load(FULL, DRIVE)
    await rig.drive.append(chunks(content(100, 1)))
    await rig.drive.rewind()
    changer, drive = rig.restarted()
    assert (await changer.inventory()).home_slots[DRIVE] == FULL
    assert await drive.append(chunks(content(200, 2))) == 1
    assert (await read_all(drive, 0)).rstrip(b"\0") == content(100, 1)


async def a_reader_that_stops_early_leaves_the_drive_free(rig: TapeRig) -> None:
    await rig.changer.load(FULL, DRIVE)
    data = content(3_000_000, 3)
    await rig.drive.append(chunks(data))
    reading = rig.drive.read(0)
    first = await anext(reading)
    assert data.startswith(first)
    await reading.aclose()  # type: ignore[attr-defined]  # drivers give generators
    assert (await read_all(rig.drive, 0)).rstrip(b"\0") == data


async def a_source_that_fails_spoils_its_own_file_alone(rig: TapeRig) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield content(600_000, 4)
        raise LookupError("the source broke off")

    await rig.changer.load(FULL, DRIVE)
    await rig.drive.append(chunks(content(1000, 5)))
    with pytest.raises(LookupError):
        await rig.drive.append(failing())
    assert await rig.drive.append(chunks(content(2000, 6))) == 2
    assert (await read_all(rig.drive, 0)).rstrip(b"\0") == content(1000, 5)
    assert (await read_all(rig.drive, 2)).rstrip(b"\0") == content(2000, 6)


CHECKS: tuple[Callable[[TapeRig], Awaitable[None]], ...] = (
    a_cartridge_goes_to_the_drive_and_home,
    what_cannot_be_moved_is_refused,
    a_drive_without_cartridge_says_so,
    tape_files_are_written_one_after_another_and_read_back,
    a_new_driver_goes_on_behind_the_last_file,
    a_reader_that_stops_early_leaves_the_drive_free,
    a_source_that_fails_spoils_its_own_file_alone,
)
