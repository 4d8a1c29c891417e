"""SHT3x at its pins: bytes from the datasheet, and the times that it takes."""

import pytest

from simulators.devices.i2c.message import SILENCE, Message
from simulators.devices.sht3x import Air, Sht3x

AIR = Air(temperature_c=25.0, humidity_pct=50.0)
SINGLE_SHOT = Message(b"\x24\x00")
READ = Message(read_bytes=6)


def measured(chip: Sht3x, at_s: float, air: Air = AIR) -> bytes:
    assert chip.update(at_s, SINGLE_SHOT, air).acknowledged
    return chip.update(at_s + 0.015, READ, air).data


def test_a_measurement_is_two_words_with_their_checksums() -> None:
    data = measured(Sht3x(), 1.0)
    # 25 °C is (25 + 45) / 175 of 65535 = 0x6666; 50 % is 0x8000. The scatter is a few counts.
    assert abs(int.from_bytes(data[0:2], "big") - 0x6666) < 60
    assert abs(int.from_bytes(data[3:5], "big") - 0x8000) < 120
    assert len(data) == 6


def test_the_checksum_is_that_of_the_datasheet() -> None:
    """The status after power-on is 80 10, and its checksum E1."""
    chip = Sht3x()
    assert chip.update(0.0, Message(b"\xf3\x2d"), AIR).acknowledged
    assert chip.update(0.0, Message(read_bytes=3), AIR).data == b"\x80\x10\xe1"


@pytest.mark.parametrize(
    ("command", "shortest_s", "longest_s"),
    [(b"\x24\x00", 0.0125, 0.015), (b"\x24\x0b", 0.0045, 0.006), (b"\x24\x16", 0.0025, 0.004)],
)
def test_a_read_too_early_is_not_acknowledged(
    command: bytes, shortest_s: float, longest_s: float
) -> None:
    chip = Sht3x()
    chip.update(0.0, Message(command), AIR)
    assert chip.update(shortest_s - 1e-4, READ, AIR) == SILENCE
    assert chip.update(longest_s, READ, AIR).acknowledged


def test_a_measurement_can_be_read_once() -> None:
    chip = Sht3x()
    assert chip.update(0.0, READ, AIR) == SILENCE
    measured(chip, 0.0)
    assert chip.update(1.0, READ, AIR) == SILENCE


def test_a_host_may_stop_after_the_temperature_and_gets_ones_after_the_end() -> None:
    chip = Sht3x()
    chip.update(0.0, SINGLE_SHOT, AIR)
    assert len(chip.update(0.015, Message(read_bytes=3), AIR).data) == 3
    chip.update(1.0, SINGLE_SHOT, AIR)
    assert chip.update(1.015, Message(read_bytes=8), AIR).data[6:] == b"\xff\xff"


def test_the_range_ends_where_the_words_end() -> None:
    # Far outside the range, so that no scatter brings it back; FF FF has the checksum AC.
    assert measured(Sht3x(), 0.0, Air(300.0, 200.0)) == b"\xff\xff\xac\xff\xff\xac"
    assert measured(Sht3x(), 0.0, Air(-90.0, -50.0)) == b"\x00\x00\x81\x00\x00\x81"


def status(chip: Sht3x, at_s: float) -> int:
    assert chip.update(at_s, Message(b"\xf3\x2d"), AIR).acknowledged
    return int.from_bytes(chip.update(at_s, Message(read_bytes=2), AIR).data, "big")


def test_the_status_tells_reset_heater_and_refused_commands() -> None:
    chip = Sht3x()
    assert status(chip, 0.0) == 0x8010
    chip.update(0.0, Message(b"\x30\x41"), AIR)
    assert status(chip, 0.0) == 0x0000
    chip.update(0.0, Message(b"\x30\x6d"), AIR)
    assert status(chip, 0.0) == 0x2000
    chip.update(0.0, Message(b"\x30\x66"), AIR)
    chip.update(0.0, Message(b"\x12\x34"), AIR)
    assert status(chip, 0.0) == 0x0002
    chip.update(0.0, Message(b"\x30\x41"), AIR)
    assert status(chip, 0.0) == 0x0000


def test_a_soft_reset_takes_a_moment_and_forgets_the_measurement() -> None:
    chip = Sht3x()
    chip.update(0.0, SINGLE_SHOT, AIR)
    assert chip.update(0.02, Message(b"\x30\xa2"), AIR).acknowledged
    assert chip.update(0.021, READ, AIR) == SILENCE
    assert status(chip, 0.022) == 0x8010
    assert chip.update(0.022, READ, AIR) == SILENCE
