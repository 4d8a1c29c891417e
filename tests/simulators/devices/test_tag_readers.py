"""The tag readers: frames of their data sheets, repetition, polls, errors."""

import math

import pytest

from simulators.devices.rfid import rdm6300, yrm100
from simulators.devices.rfid.rdm6300 import Rdm6300
from simulators.devices.rfid.yrm100 import Yrm100

TAG, OTHER = "62E3086CED", "0600A1B2C3"
# 62 ^ E3 ^ 08 ^ 6C ^ ED = 08
FRAME = b"\x0262E3086CED08\x03"
EPC = "30751FEB705C5904E3D50D70"
POLL = bytes.fromhex("BB 00 22 00 00 22 7E")
NO_TAG = bytes.fromhex("BB 01 FF 00 01 15 16 7E")
BAD_COMMAND = bytes.fromhex("BB 01 FF 00 01 17 18 7E")


def test_a_tag_is_told_again_and_again_while_it_is_there() -> None:
    reader = Rdm6300()
    field = rdm6300.Field((TAG,))
    told = reader.update(1.0, field)
    assert told.sent == FRAME
    assert 0 < told.wake_s - 1.0 < 0.22
    assert reader.update(told.wake_s - 0.01, field).sent == b""
    assert reader.update(told.wake_s, field).sent == FRAME
    assert reader.update(told.wake_s + 0.01, rdm6300.Field()) == rdm6300.Outputs(b"", math.inf)


def test_a_reader_that_was_not_asked_for_long_does_not_make_up_for_it() -> None:
    reader = Rdm6300()
    reader.update(0.0, rdm6300.Field((TAG,)))
    assert reader.update(100.0, rdm6300.Field((TAG,))).sent == FRAME


def test_of_two_tags_now_one_is_read_and_now_the_other() -> None:
    reader = Rdm6300()
    field = rdm6300.Field((TAG, OTHER))
    seen = {reader.update(float(second), field).sent[1:11] for second in range(4)}
    assert seen == {TAG.encode(), OTHER.encode()}


def test_a_garbled_tag_does_not_fit_its_checksum() -> None:
    frame = Rdm6300().update(0.0, rdm6300.Field((TAG,), garbled=True)).sent
    digits = frame[1:13].decode()
    checksum = 0
    for byte in bytes.fromhex(digits[:10]):
        checksum ^= byte
    assert len(frame) == 14
    assert checksum != int(digits[10:], 16)


class Host:
    def __init__(self, *tags: str, garbled: bool = False) -> None:
        self.reader = Yrm100()
        self.field = yrm100.Field(tags, garbled)
        self.now_s = 0.0

    def ask(self, data: bytes, for_s: float = 1.0) -> bytes:
        """Send, and collect what comes."""
        told = self.reader.update(self.now_s, self.field, data)
        sent, until_s = told.sent, self.now_s + for_s
        while told.wake_s <= until_s:
            self.now_s = told.wake_s
            told = self.reader.update(self.now_s, self.field)
            sent += told.sent
        self.now_s = until_s
        return sent


def test_a_poll_brings_the_notice_of_the_manual() -> None:
    """The manual's own example has PC 34 00; a tag of six words without more has 30 00."""
    frame = Host(EPC).ask(POLL)
    assert frame[:8] == bytes.fromhex("BB 02 22 00 11 C9 30 00")
    assert frame[8:20] == bytes.fromhex(EPC)
    assert frame[22] == sum(frame[1:22]) & 0xFF
    assert frame[23:] == b"\x7e"


def test_the_checksum_of_a_tag_is_that_of_the_manuals_example() -> None:
    assert yrm100.crc16(bytes.fromhex("34 00" + EPC)) == 0x3A76


def test_without_a_tag_a_poll_brings_an_error() -> None:
    assert Host().ask(POLL) == NO_TAG


def test_a_poll_takes_a_moment() -> None:
    assert Host(EPC).reader.update(0.0, yrm100.Field((EPC,)), POLL).sent == b""


def test_each_of_several_tags_brings_a_notice() -> None:
    frames = Host(EPC, "E2" * 12).ask(POLL)
    assert len(frames) == 48
    assert frames[8:20] == bytes.fromhex(EPC)
    assert frames[32:44] == b"\xe2" * 12


def test_many_polls_go_on_until_they_are_stopped() -> None:
    host = Host(EPC)
    many = host.ask(bytes.fromhex("BB 00 27 00 03 22 27 10 83 7E"))
    assert len(many) > 10 * 24
    assert host.ask(bytes.fromhex("BB 00 28 00 00 28 7E")) == bytes.fromhex(
        "BB 01 28 00 01 00 2A 7E"
    )
    assert host.ask(b"") == b""


@pytest.mark.parametrize(
    "frame",
    ["BB 00 22 00 00 23 7E", "BB 00 99 00 00 99 7E", "BB 00 22 00 00 22 7F", "BB 00 22 FF FF 22"],
    ids=["sum", "command", "end", "length"],
)
def test_nonsense_brings_an_error_and_the_next_poll_is_answered(frame: str) -> None:
    host = Host(EPC)
    assert host.ask(bytes.fromhex(frame))[:8] == BAD_COMMAND
    assert len(host.ask(POLL)) == 24


def test_a_command_may_come_in_pieces_and_after_noise() -> None:
    host = Host()
    assert host.ask(b"\x00\x13" + POLL[:3]) == b""
    assert host.ask(POLL[3:]) == NO_TAG


def test_a_garbled_notice_does_not_fit_its_sum() -> None:
    frame = Host(EPC, garbled=True).ask(POLL)
    assert len(frame) == 24
    assert frame[22] != sum(frame[1:22]) & 0xFF


def test_it_tells_its_version() -> None:
    answer = Host().ask(bytes.fromhex("BB 00 03 00 01 00 04 7E"))
    assert answer[:3] == bytes.fromhex("BB 01 03")
    assert b"YRM100" in answer
