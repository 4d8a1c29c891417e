"""Tag readers in memory: magazines that come and go, and readers that fail."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.links.tag_reader import MemoryTagReader
from simulators.world.world import World

POLL = bytes.fromhex("BB 00 22 00 00 22 7E")
NO_TAG = bytes.fromhex("BB 01 FF 00 01 15 16 7E")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "world", "pb-library", discs=0)
    yield world
    world.close()


async def hear(port: MemoryTagReader, for_s: float = 1.0) -> bytes:
    """What comes within some time."""
    data = b""
    try:
        async with asyncio.timeout(for_s):
            while True:
                data += await port.read()
    except TimeoutError:
        return data


def tag_at(world: World, place: str) -> str:
    magazine = world.magazines.at(place)
    assert magazine
    return magazine.tag


def test_the_first_place_tells_its_magazine_by_itself(library: World) -> None:
    async def story() -> None:
        with Cabinet(library) as cabinet:
            port = cabinet.tag_reader("n01.g1")
            tag = tag_at(library, "n01.g1")
            frames = (await hear(port, 0.95)).split(b"\x03")  # between two frames
            assert len(frames) > 5
            assert {frame[1:11] for frame in frames if frame} == {tag.encode()}
            library.take_magazine("n01.g1")
            assert await hear(port) == b""
            library.put_magazine(tag, "n01.g1")
            assert tag.encode() in await hear(port, 0.3)

    run_virtual(story())


def test_the_second_place_tells_the_same_number_when_it_is_asked(library: World) -> None:
    async def story() -> None:
        with Cabinet(library) as cabinet:
            port = cabinet.tag_reader("n01.g2")
            assert await hear(port) == b""
            await port.write(POLL)
            frame = await hear(port)
            assert frame[8:20] == bytes.fromhex(tag_at(library, "n01.g2").rjust(24, "0"))
            library.take_magazine("n01.g2")
            await port.write(POLL)
            assert await hear(port) == NO_TAG

    run_virtual(story())


@pytest.mark.parametrize("place", ["n00.g1", "n00.g2"])
def test_a_silent_reader_says_nothing_until_it_is_healed(library: World, place: str) -> None:
    async def story() -> None:
        with Cabinet(library) as cabinet:
            port = cabinet.tag_reader(place)
            inject(cabinet, Fault("reader-silent", place))
            await port.write(POLL)
            assert await hear(port) == b""
            inject(cabinet, Fault("reader-silent", place, lift=True))
            await port.write(POLL)
            assert await hear(port)

    run_virtual(story())


def test_a_second_tag_is_read_now_and_then(library: World) -> None:
    async def story() -> None:
        with Cabinet(library) as cabinet:
            port = cabinet.tag_reader("n00.g1")
            inject(cabinet, Fault("two-tags", "n00.g1"))
            seen = {frame[1:11] for frame in (await hear(port)).split(b"\x03") if frame}
            assert len(seen) == 2
            second = cabinet.tag_reader("n00.g2")
            inject(cabinet, Fault("two-tags", "n00.g2"))
            await second.write(POLL)
            assert len(await hear(second)) == 48

    run_virtual(story())


def test_a_garbled_tag_is_not_the_magazines(library: World) -> None:
    async def story() -> None:
        with Cabinet(library) as cabinet:
            inject(cabinet, Fault("tag-garbled", "n00.g1"))
            data = await hear(cabinet.tag_reader("n00.g1"))
            assert data
            assert tag_at(library, "n00.g1").encode() not in data

    run_virtual(story())


def test_a_second_opening_takes_the_port_and_a_power_cut_ends_it(library: World) -> None:
    async def story() -> None:
        cabinet = Cabinet(library)
        first = cabinet.tag_reader("n00.g1")
        second = cabinet.tag_reader("n00.g1")
        with pytest.raises(ConnectionError):
            await first.read()
        assert await second.read()
        cabinet.stop()
        with pytest.raises(ConnectionError):
            await second.read()

    run_virtual(story())


def test_a_tag_that_stays_costs_nothing_while_no_one_reads(library: World) -> None:
    """A port that is open and not read wakes no clock: a month passes at once, in one step."""

    async def story() -> None:
        with Cabinet(library) as cabinet:
            port = cabinet.tag_reader("n00.g1")
            await port.read()
            inject(cabinet, Fault("tag-garbled", "n00.g2"))  # something changes, and still
            await asyncio.sleep(25 * 86_400)
            assert len(await port.read()) == 14

    run_virtual(story())
