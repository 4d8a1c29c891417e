"""The reader that speaks unasked: frames, silence, damage, two tags."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.rdm6300.codec import FRAME_BYTES, FrameSplitter, decode_frame, encode_frame
from hal.drivers.rdm6300.driver import Rdm6300
from hal.errors import HalError
from hal.interfaces.tag_reader import TagReader
from simulators.clock import run_virtual
from tests.hal.drivers.serial_line import SerialLine

TAG, OTHER = "0100ABCDEF", "0100ABCDEE"
FRAME = bytes.fromhex("02 30313030 4142 4344 4546 3838 03")
PERIOD_S = 0.065


class Field:
    """Tags before the coil, told one after the other as long as they lie there."""

    def __init__(self, *frames: bytes) -> None:
        self.frames = list(frames)
        self.line = SerialLine()
        self.reader = Rdm6300(self.line.connect, name="n00.g1")

    async def radiate(self) -> None:
        while True:
            for frame in list(self.frames) or [b""]:
                if frame:
                    self.line.say(frame)
                await asyncio.sleep(PERIOD_S)

    async def __aenter__(self) -> "Field":
        self._task = asyncio.ensure_future(self.radiate())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        await self.reader.aclose()


async def code_of(reader: Rdm6300) -> int:
    with pytest.raises(HalError) as caught:
        await reader.read()
    return caught.value.code


def test_the_frame_of_the_document() -> None:
    assert encode_frame(TAG) == FRAME
    assert decode_frame(FRAME) == TAG


def test_a_tag_told_many_times_is_one_tag_and_gone_after_its_silence() -> None:
    async def story() -> None:
        async with Field(FRAME) as field:
            assert isinstance(field.reader, TagReader)
            for _ in range(5):
                assert await field.reader.read() == TAG
            field.frames.clear()
            await asyncio.sleep(0.15)
            assert await field.reader.read() == TAG
            await asyncio.sleep(0.15)
            assert await field.reader.read() is None
            field.frames.append(FRAME)
            await asyncio.sleep(0.1)
            assert await field.reader.read() == TAG

    run_virtual(story())


def test_the_first_answer_listens_first() -> None:
    async def story() -> None:
        async with Field() as field:
            assert await field.reader.read() is None
            assert asyncio.get_running_loop().time() >= 0.22

    run_virtual(story())


def test_two_tags_are_an_error_until_one_is_gone() -> None:
    async def story() -> None:
        async with Field(FRAME, encode_frame(OTHER)) as field:
            assert await code_of(field.reader) == 1032
            field.frames.pop()
            await asyncio.sleep(0.3)
            assert await field.reader.read() == TAG

    run_virtual(story())


@pytest.mark.parametrize(
    "frame", [FRAME[:-3] + b"893", FRAME[:7], FRAME[:5] + b"Z" + FRAME[6:], b"\x02\x02\x02"]
)
def test_damaged_frames_are_an_error_and_no_tag(frame: bytes) -> None:
    async def story() -> None:
        async with Field(frame) as field:
            assert await code_of(field.reader) == 1031
            field.frames.append(FRAME)
            await asyncio.sleep(0.2)
            assert await field.reader.read() == TAG, "a good frame beside damaged ones"

    run_virtual(story())


def test_a_lost_line_is_an_error_and_opened_again() -> None:
    async def story() -> None:
        async with Field(FRAME) as field:
            assert await field.reader.read() == TAG
            field.line.hang_up()
            await asyncio.sleep(0.01)
            assert await code_of(field.reader) == 1030
            assert await field.reader.read() == TAG
            assert field.line.opened == 2

    run_virtual(story())


def test_a_reader_that_nobody_asks_is_let_go_and_listened_to_again() -> None:
    async def story() -> None:
        async with Field(FRAME) as field:
            assert await field.reader.read() == TAG
            await asyncio.sleep(0.7)
            assert field.line.is_open
            await asyncio.sleep(0.2)
            assert not field.line.is_open
            field.frames.clear()
            assert await field.reader.read() is None
            field.frames.append(FRAME)
            assert await field.reader.read() is None
            await asyncio.sleep(0.1)
            assert await field.reader.read() == TAG
            assert field.line.opened == 2

    run_virtual(story())


def test_a_line_that_cannot_be_opened_is_an_error() -> None:
    async def story() -> None:
        field = Field()
        field.line.refuses = True
        assert await code_of(field.reader) == 1030

    run_virtual(story())


@given(st.binary(min_size=5, max_size=5), st.binary(max_size=30), st.integers(0, 13))
def test_frames_are_found_in_whatever_surrounds_them(tag: bytes, noise: bytes, cut: int) -> None:
    digits = tag.hex().upper()
    frame = encode_frame(digits)
    assert len(frame) == FRAME_BYTES
    splitter = FrameSplitter()
    assert splitter.feed(noise.replace(b"\x02", b"") + frame[:cut]) == []
    assert splitter.feed(frame[cut:]) == [digits]


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_split_and_only_true_checksums_are_tags(pieces: list[bytes]) -> None:
    splitter = FrameSplitter()
    for piece in pieces:
        for tag in splitter.feed(piece):
            assert decode_frame(encode_frame(tag)) == tag


@given(st.binary(min_size=5, max_size=5), st.integers(1, 12), st.integers(0, 7))
def test_one_wrong_bit_is_never_another_tag(tag: bytes, at: int, bit: int) -> None:
    frame = bytearray(encode_frame(tag.hex().upper()))
    frame[at] ^= 1 << bit
    assert decode_frame(bytes(frame)) in {None, tag.hex().upper()}
