"""Words and checksums of Sensirion's sensors, and of bytes that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.sensirion import crc8, decode_words, encode_command
from hal.errors import HalError
from tests.hal.drivers.numbered import NONE, code_of


def test_the_data_sheet_has_an_example() -> None:
    assert crc8(b"\xbe\xef") == 0x92
    assert encode_command(0x0010, 0x0300) == bytes.fromhex("0010 0300 AC")
    assert encode_command(0x2400) == b"\x24\x00"


@given(st.lists(st.binary(min_size=2, max_size=2), max_size=20))
def test_words_come_back(words: list[bytes]) -> None:
    data = b"".join(word + bytes([crc8(word)]) for word in words)
    assert decode_words(data, "it") == b"".join(words)


@given(st.binary(min_size=2, max_size=2), st.integers(0, 23), st.integers(0, 23))
def test_one_or_two_wrong_bits_are_noticed(word: bytes, one: int, other: int) -> None:
    good = int.from_bytes(word + bytes([crc8(word)]), "big")
    bad = good ^ (1 << one) ^ (0 if one == other else 1 << other)
    with pytest.raises(HalError) as caught:
        decode_words(bad.to_bytes(3, "big"), "it")
    assert caught.value.code == 1012


@given(st.binary(max_size=70))
def test_any_bytes_are_words_or_a_numbered_error(data: bytes) -> None:
    assert code_of(lambda: decode_words(data, "it")) in {1014 if len(data) % 3 else 1012, NONE}
