"""Wanted files are read in large blocks, in order, and none is given that is not right."""

import asyncio
import hashlib
import random
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from appliance.contract.errors import SteleError
from appliance.jobs.file_blocks import GAP_BYTES, READ_BYTES, FileBlocks, blocks_of
from appliance.services.catalogue import FilePlace
from hal.errors import HalError

SECTOR = 2048


class MemoryDisc:
    """`BlockReader` that counts its reads; a bad byte fails every read that touches it."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)
        self.size_bytes = len(content)
        self.bytes_read = 0
        self.reads = 0
        self.bad: set[int] = set()

    async def read_at(self, offset: int, length: int) -> bytes:
        self.reads += 1
        await asyncio.sleep(0)
        if any(offset <= at < offset + length for at in self.bad):
            raise HalError(3209, "the disc cannot be read", f"offset {offset}")
        return bytes(self.content[offset : offset + length])

    async def aclose(self) -> None: ...


def disc_with(sizes: Sequence[int]) -> tuple[MemoryDisc, list[FilePlace], list[bytes]]:
    """A disc with files of these sizes one after the other, each from a sector's begin on."""
    content, places, files = bytearray(10 * SECTOR), [], []
    for number, size in enumerate(sizes):
        data = random.Random(number).randbytes(size)
        digest = hashlib.sha256(data).digest()
        places.append(FilePlace(f"f{number}", len(content), size, digest))
        content += data + bytes(-size % SECTOR)
        files.append(data)
    return MemoryDisc(bytes(content)), places, files


async def take(disc: MemoryDisc, places: list[FilePlace], into: bytearray, offset: int = 0) -> None:
    """Have the stream; what came before an error stays in `into`."""
    async with aclosing(FileBlocks(disc, places, "m-1").stream(offset)) as stream:
        async for chunk in stream:
            into += chunk


async def taken(disc: MemoryDisc, places: list[FilePlace], offset: int = 0) -> bytes:
    got = bytearray()
    await take(disc, places, got, offset)
    return bytes(got)


SMALL = [1, 3000, 0, 2048, 700] * 100
MIXED = [5, 0, READ_BYTES, READ_BYTES + 1, 3 * READ_BYTES - 7, 9, READ_BYTES - 1, 1]


@pytest.mark.parametrize("sizes", [SMALL, MIXED, [], [0, 0]])
@pytest.mark.parametrize("shuffled", [False, True])
async def test_the_stream_is_the_files_one_after_the_other(
    sizes: list[int], *, shuffled: bool
) -> None:
    disc, places, files = disc_with(sizes)
    order = list(range(len(sizes)))
    if shuffled:
        random.Random(1).shuffle(order)
        order += order[:3]  # some are wanted twice
    wanted = b"".join(files[n] for n in order)
    assert await taken(disc, [places[n] for n in order]) == wanted
    for offset in (0, 1, len(wanted) // 2, max(0, len(wanted) - 1), len(wanted)):
        assert await taken(disc, [places[n] for n in order], offset) == wanted[offset:]


async def test_small_neighbours_are_read_together() -> None:
    disc, places, _ = disc_with(SMALL)
    await taken(disc, places)
    assert disc.reads == -(-disc.size_bytes // READ_BYTES) <= 2


def test_a_block_is_bounded_and_does_not_read_far_along() -> None:
    near = FilePlace("near", 0, 10, b"")
    far = FilePlace("far", 10 + GAP_BYTES + 1, 10, b"")
    assert [len(block) for block in blocks_of([near, far], 0)] == [1, 1]
    _, places, _ = disc_with([READ_BYTES // 3] * 20)
    for block in blocks_of(places, 0):
        first, last = block[0], block[-1]
        assert last.offset + last.size_bytes - first.offset <= READ_BYTES


@pytest.mark.parametrize("bad", [0, 1, 250, 498])
async def test_one_bad_sector_costs_no_other_file(bad: int) -> None:
    disc, places, files = disc_with(SMALL)
    while not files[bad]:
        bad += 1
    disc.bad = {places[bad].offset_bytes}
    got = bytearray()
    with pytest.raises(HalError) as caught:
        await take(disc, places, got)
    assert caught.value.code == 3209
    assert got == b"".join(files[:bad])


@pytest.mark.parametrize("sizes", [SMALL, [40, 3 * READ_BYTES + 5, 40]])
async def test_a_file_with_another_digest_is_withheld_and_named(sizes: list[int]) -> None:
    disc, places, files = disc_with(sizes)
    disc.content[places[1].offset_bytes] ^= 1
    got = bytearray()
    with pytest.raises(SteleError) as caught:
        await take(disc, places, got)
    assert (caught.value.code, caught.value.detail) == (3308, "f1")
    assert got[: sizes[0]] == files[0]
    assert len(got) < sizes[0] + sizes[1]


async def test_a_disc_that_ends_too_early_gives_nothing_out_of_place() -> None:
    disc, places, files = disc_with([100, 3 * READ_BYTES])
    del disc.content[places[1].offset_bytes + READ_BYTES + 5 :]
    got = bytearray()
    with pytest.raises(SteleError, match="damaged"):
        await take(disc, places, got)
    assert got == files[0] + files[1][:READ_BYTES]


async def test_who_stops_listening_leaves_no_read_behind() -> None:
    disc, places, _ = disc_with([READ_BYTES] * 4)
    async with aclosing(FileBlocks(disc, places, "m-1").stream(0)) as stream:
        await anext(stream)
    assert [task for task in asyncio.all_tasks() if task.get_name() == "read ahead"] == []
