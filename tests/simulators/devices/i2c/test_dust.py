"""SPS30 at its pins: pointers and checksums from the datasheet, one sample a second."""

import struct

import pytest

from simulators.devices.i2c.message import SILENCE, Message
from simulators.devices.sps30 import Particles, Sps30

DUST = Particles(10.0, 20.0, 25.0, 30.0, 70.0, 80.0, 85.0, 86.0, 87.0, 0.6)
START_FLOATS = b"\x00\x10\x03\x00\xac"
YES, NO = b"\x00\x01\xb0", b"\x00\x00\x81"


def ask(chip: Sps30, at_s: float, pointer: bytes, count: int, dust: Particles = DUST) -> bytes:
    if not chip.update(at_s, Message(pointer), dust).acknowledged:
        return b""
    return chip.update(at_s, Message(read_bytes=count), dust).data


@pytest.fixture
def measuring() -> Sps30:
    """A chip that was told to measure at 0 s."""
    chip = Sps30()
    assert chip.update(0.0, Message(START_FLOATS), DUST).acknowledged
    return chip


def values(data: bytes) -> tuple[float, ...]:
    raw = b"".join(data[at : at + 2] for at in range(0, 60, 3))
    return struct.unpack(">10f", raw)


def test_it_brings_ten_floats_a_second_after_the_start(measuring: Sps30) -> None:
    assert ask(measuring, 0.9, b"\x02\x02", 3) == NO
    assert ask(measuring, 1.0, b"\x02\x02", 3) == YES
    data = ask(measuring, 1.0, b"\x03\x00", 60)
    assert len(data) == 60
    assert values(data)[:4] == pytest.approx((10.0, 20.0, 25.0, 30.0), rel=0.2)
    assert values(data)[9] == pytest.approx(0.6)
    assert ask(measuring, 1.5, b"\x02\x02", 3) == NO
    assert ask(measuring, 2.0, b"\x02\x02", 3) == YES


def test_a_float_travels_high_word_first() -> None:
    """0 is 00 00 00 00, and each word 00 00 has the checksum 81."""
    clean = Particles(*(0.0,) * 9, 2.0)
    chip = Sps30()
    chip.update(0.0, Message(START_FLOATS), clean)
    data = ask(chip, 1.0, b"\x03\x00", 60, clean)
    assert data[:54] == b"\x00\x00\x81" * 18
    assert data[54:56] + data[57:59] == b"\x40\x00\x00\x00"


def test_the_last_value_is_given_again_and_the_flag_tells_that_it_is_old(measuring: Sps30) -> None:
    first = ask(measuring, 1.0, b"\x03\x00", 60)
    assert ask(measuring, 1.9, b"\x03\x00", 60) == first
    assert ask(measuring, 2.1, b"\x03\x00", 60) != first


def test_before_the_first_second_it_gives_zeros(measuring: Sps30) -> None:
    assert ask(measuring, 0.5, b"\x03\x00", 60) == b"\x00\x00\x81" * 20


def test_integers_are_another_argument() -> None:
    chip = Sps30()
    assert chip.update(0.0, Message(b"\x00\x10\x05\x00\xf6"), DUST).acknowledged
    data = ask(chip, 1.0, b"\x03\x00", 30)
    assert int.from_bytes(data[27:29], "big") == 600


def test_a_wrong_checksum_starts_nothing() -> None:
    chip = Sps30()
    assert chip.update(0.0, Message(b"\x00\x10\x03\x00\xad"), DUST) == SILENCE
    assert ask(chip, 1.0, b"\x02\x02", 3) == b""


def test_stop_ends_measuring_and_takes_its_time(measuring: Sps30) -> None:
    assert measuring.update(1.0, Message(b"\x01\x04"), DUST).acknowledged
    assert measuring.update(1.01, Message(b"\x02\x02"), DUST) == SILENCE
    assert ask(measuring, 1.03, b"\x03\x00", 60) == b""
    assert measuring.update(2.0, Message(b"\x01\x04"), DUST) == SILENCE


def test_while_the_fan_is_cleaned_no_new_value_comes(measuring: Sps30) -> None:
    ask(measuring, 1.0, b"\x03\x00", 60)
    assert measuring.update(1.5, Message(b"\x56\x07"), DUST).acknowledged
    assert ask(measuring, 11.4, b"\x02\x02", 3) == NO
    assert ask(measuring, 12.5, b"\x02\x02", 3) == YES


def test_cleaning_needs_the_fan() -> None:
    assert Sps30().update(0.0, Message(b"\x56\x07"), DUST) == SILENCE


def test_reset_ends_measuring(measuring: Sps30) -> None:
    assert measuring.update(1.0, Message(b"\xd3\x04"), DUST).acknowledged
    assert measuring.update(1.09, Message(b"\xd3\x04"), DUST) == SILENCE
    assert ask(measuring, 3.0, b"\x02\x02", 3) == b""


def test_it_tells_its_kind_and_its_cleaning_interval() -> None:
    chip = Sps30()
    text = ask(chip, 0.0, b"\xd0\x02", 12)
    assert bytes(text[at] for at in (0, 1, 3, 4, 6, 7, 9, 10)) == b"00080000"
    week = ask(chip, 0.0, b"\x80\x04", 6)  # 604,800 s = 0x00093A80
    assert week[0:2] + week[3:5] == b"\x00\x09\x3a\x80"
