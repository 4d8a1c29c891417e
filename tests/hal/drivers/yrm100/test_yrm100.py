"""The reader that is asked: polls, several tags, damage, silence."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.yrm100 import codec
from hal.drivers.yrm100.codec import Frame, FrameSplitter, crc16, decode_tag, encode_frame
from hal.drivers.yrm100.driver import Yrm100
from hal.errors import HalError
from hal.interfaces.tag_reader import TagReader
from simulators.clock import run_virtual
from tests.hal.drivers.serial_line import SerialLine

EPC, OTHER = "E20034120123456789000001", "E20034120123456789000002"
NO_TAG = bytes.fromhex("BB 01 FF 00 01 15 16 7E")
POLL = bytes.fromhex("BB 00 22 00 00 22 7E")

Answer = Callable[[int], list[tuple[float, bytes]]]


def payload(epc: str) -> bytes:
    body = bytes([len(epc) // 4 << 3, 0]) + bytes.fromhex(epc)
    return b"\xc9" + body + crc16(body).to_bytes(2, "big")


def notice(epc: str = EPC) -> bytes:
    return encode_frame(Frame(codec.NOTICE, codec.SINGLE_POLL, payload(epc)))


def fitted(answer: Answer) -> tuple[Yrm100, SerialLine]:
    """A reader whose answer to each poll is a function of the poll's number."""
    asked = iter(range(1_000_000))
    line = SerialLine(lambda data: answer(next(asked)))
    return Yrm100(line.connect, name="n00.g2"), line


def said(*frames: bytes) -> Answer:
    return lambda number: [(0.02 + 0.005 * at, frame) for at, frame in enumerate(frames)]


async def code_of(reader: Yrm100) -> int:
    with pytest.raises(HalError) as caught:
        await reader.read()
    return caught.value.code


def test_the_frames_of_the_document() -> None:
    assert encode_frame(Frame(codec.COMMAND, codec.SINGLE_POLL)) == POLL
    assert FrameSplitter().feed(NO_TAG) == [Frame(codec.RESPONSE, codec.FAILED, b"\x15")]
    assert crc16(b"123456789") == 0xD64E, "the published check value of CRC-16/GENIBUS"


def test_one_tag_is_told_however_often_it_is_read() -> None:
    async def story() -> None:
        reader, line = fitted(said(notice(), notice()))
        assert isinstance(reader, TagReader)
        assert await reader.read() == EPC
        assert set(line.written) == {POLL}
        await reader.aclose()

    run_virtual(story())


def test_no_tag_is_none() -> None:
    async def story() -> None:
        reader, _ = fitted(said(NO_TAG))
        assert await reader.read() is None

    run_virtual(story())


def test_a_tag_that_one_poll_misses_is_there() -> None:
    async def story() -> None:
        reader, _ = fitted(lambda number: [(0.02, notice() if number % 3 == 1 else NO_TAG)])
        assert await reader.read() == EPC

    run_virtual(story())


@pytest.mark.parametrize("together", [True, False])
def test_two_tags_are_an_error(together: bool) -> None:
    async def story() -> None:
        one_by_one: Answer = lambda number: [(0.02, notice(EPC if number % 2 else OTHER))]  # noqa: E731
        reader, _ = fitted(said(notice(), notice(OTHER)) if together else one_by_one)
        assert await code_of(reader) == 1032

    run_virtual(story())


def test_silence_is_an_error_and_a_late_answer_answers_nothing() -> None:
    async def story() -> None:
        reader, line = fitted(lambda number: [(0.4, notice())] if number == 0 else [(0.02, NO_TAG)])
        assert await code_of(reader) == 1030
        await asyncio.sleep(1)
        assert await reader.read() is None
        assert line.opened == 2

    run_virtual(story())


def test_a_reader_that_falls_silent_tells_no_earlier_tag() -> None:
    async def story() -> None:
        reader, _ = fitted(lambda number: [(0.02, notice())] if number < 3 else [])
        assert await reader.read() == EPC
        for _ in range(2):
            assert await code_of(reader) == 1030

    run_virtual(story())


@pytest.mark.parametrize(
    "damaged",
    [
        notice()[:-2] + b"\x00\x7e",
        notice()[:-1],
        notice()[:9],
        b"\xff\xff\xff",
        encode_frame(Frame(codec.NOTICE, codec.SINGLE_POLL, payload(EPC)[:-1] + b"\x00")),
        encode_frame(Frame(codec.NOTICE, codec.SINGLE_POLL, payload(EPC)[:6])),
        encode_frame(Frame(codec.NOTICE, codec.SINGLE_POLL)),
    ],
)
def test_damage_is_an_error_and_no_tag(damaged: bytes) -> None:
    async def story() -> None:
        reader, _ = fitted(said(damaged))
        assert await code_of(reader) == 1031

    run_virtual(story())


def test_one_damaged_poll_does_no_harm() -> None:
    async def story() -> None:
        reader, _ = fitted(lambda number: [(0.02, notice() if number else notice()[:9])])
        assert await reader.read() == EPC

    run_virtual(story())


@pytest.mark.parametrize("fault", [0x09, 0x17, 0x20, 0xEE])
def test_a_fault_is_told(fault: int) -> None:
    async def story() -> None:
        frame = encode_frame(Frame(codec.RESPONSE, codec.FAILED, bytes([fault])))
        reader, _ = fitted(said(frame))
        assert await code_of(reader) == 1033

    run_virtual(story())


def test_a_lost_line_is_an_error_and_opened_again() -> None:
    async def story() -> None:
        reader, line = fitted(said(notice()))
        assert await reader.read() == EPC
        line.hang_up()
        assert await code_of(reader) == 1030
        assert await reader.read() == EPC
        line.refuses = True
        await reader.aclose()
        assert await code_of(reader) == 1030

    run_virtual(story())


def test_a_cancelled_reading_leaves_no_answer_behind() -> None:
    async def story() -> None:
        reader, line = fitted(lambda number: [(0.02, notice() if number == 0 else NO_TAG)])
        cancelled = asyncio.ensure_future(reader.read())
        await asyncio.sleep(0.04)
        assert line.written == [POLL]
        cancelled.cancel()
        await asyncio.wait({cancelled})
        assert await reader.read() is None
        assert line.opened == 2

    run_virtual(story())


FRAMES = st.builds(
    Frame, st.integers(0, 2), st.integers(0, 255), st.binary(max_size=codec.PAYLOAD_MAX_BYTES)
)


@given(st.lists(FRAMES, max_size=5), st.integers(1, 40))
def test_frames_come_back_in_whatever_pieces(frames: list[Frame], piece: int) -> None:
    data = b"".join(map(encode_frame, frames))
    splitter = FrameSplitter()
    found = [
        frame for at in range(0, len(data), piece) for frame in splitter.feed(data[at : at + piece])
    ]
    assert found == frames
    assert splitter.damaged == 0


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_are_split_into_frames_that_were_sent_so(pieces: list[bytes]) -> None:
    splitter, whole = FrameSplitter(), b"".join(pieces)
    for piece in pieces:
        for frame in splitter.feed(piece):
            assert encode_frame(frame) in whole


@given(st.binary(max_size=80))
def test_any_payload_is_a_tag_whose_checksum_is_true_or_none(data: bytes) -> None:
    epc = decode_tag(data)
    assert epc is None or payload(epc)[3:-2] == data[3:-2]


@given(st.binary(min_size=1, max_size=31), st.integers(8, 200))
def test_one_wrong_bit_is_never_another_tag(words: bytes, bit: int) -> None:
    epc = (words * 2).hex().upper()
    data = bytearray(payload(epc))
    at = bit % (8 * len(data))
    data[at // 8] ^= 1 << at % 8
    assert decode_tag(bytes(data)) == (epc if at < 8 else None)
