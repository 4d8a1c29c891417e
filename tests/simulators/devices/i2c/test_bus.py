"""The bus: who hears, what several at once sound like, and what can be wrong with a chip."""

from collections.abc import Callable

import pytest

from simulators.devices.i2c.bus import Branches, Segment
from simulators.devices.i2c.message import Message
from simulators.devices.i2c.seat import Seat
from simulators.devices.ina226 import Ina226, Load
from simulators.devices.mcp23017 import Mcp23017, Pins
from simulators.devices.sht3x import Air, Sht3x

PULL_UP = Message(b"\x0c\xff\xff")
READ_A = (Message(b"\x12"), Message(read_bytes=1))


class Bench:
    """A multiplexer at 0x70 with an expander 0x20 on channels 0 and 3, and a sensor beside it."""

    def __init__(self) -> None:
        self.faults: set[str] = set()
        self.air = Air(25.0, 50.0)
        self.branches = Branches(0x70)
        for channel, low in ((0, 0x0F), (3, 0x3C)):
            self.branches.channels[channel].nodes.append(
                Seat(0x20, Mcp23017, lambda low=low: Pins(low=low))  # type: ignore[misc]
            )
        self.climate = Seat(
            0x44,
            Sht3x,
            lambda: self.air,
            has=self.faults.__contains__,
            elsewhere=lambda: Air(31.0, 30.0),
        )
        self.bus = Segment([self.branches, self.climate])
        self.now_s = 0.0

    def send(self, address: int, *messages: Message) -> list[bytes] | None:
        """Data of each message; none when one was not acknowledged."""
        answers = self.bus.transfer(self.now_s, [(address, message) for message in messages])
        return [one.data for one in answers] if answers[-1].acknowledged else None

    def measure(self) -> bytes | None:
        if self.send(0x44, Message(b"\x24\x00")) is None:
            return None
        self.now_s += 0.015
        answer = self.send(0x44, Message(read_bytes=6))
        return answer[0] if answer else None


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_nobody_acknowledges_an_address_without_a_chip(bench: Bench) -> None:
    assert bench.send(0x45, Message()) is None
    assert bench.send(0x44, Message()) == [b""]


def test_behind_a_closed_channel_nobody_hears(bench: Bench) -> None:
    assert bench.send(0x20, PULL_UP) is None
    assert bench.send(0x70, Message(b"\x08")) == [b""]
    assert bench.send(0x70, Message(read_bytes=1)) == [b"\x08"]
    assert bench.send(0x20, PULL_UP) == [b""]
    assert bench.send(0x20, *READ_A) == [b"", b"\xc3"]


def test_two_channels_at_once_make_their_chips_talk_together(bench: Bench) -> None:
    bench.send(0x70, Message(b"\x09"))
    bench.send(0x20, PULL_UP)  # both take it
    assert bench.send(0x20, *READ_A) == [b"", bytes([0xF0 & 0xC3])]


def test_a_channel_opens_with_the_stop_and_not_before(bench: Bench) -> None:
    together = [(0x70, Message(b"\x01")), (0x20, PULL_UP)]
    assert [one.acknowledged for one in bench.bus.transfer(0.0, together)] == [True, False]
    assert bench.send(0x20, PULL_UP) == [b""]


def test_the_last_byte_written_to_a_multiplexer_counts(bench: Bench) -> None:
    bench.send(0x70, Message(b"\xff\x00\x08"))
    assert bench.send(0x70, Message(read_bytes=2)) == [b"\x08\x08"]


def crc_fits(word: bytes) -> bool:
    crc = 0xFF
    for byte in word[:2]:
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc == word[2]


def test_a_wrong_checksum_leaves_the_value_as_it_is(bench: Bench) -> None:
    bench.faults.add("bad-crc")
    data = bench.measure()
    assert data
    assert abs(int.from_bytes(data[:2], "big") - 0x6666) < 60
    assert not crc_fits(data[0:3])
    assert not crc_fits(data[3:6])
    bench.faults.clear()
    healed = bench.measure()
    assert healed
    assert crc_fits(healed[0:3])


def test_an_absent_chip_comes_back(bench: Bench) -> None:
    bench.faults.add("chip-absent")
    assert bench.measure() is None
    bench.faults.clear()
    assert bench.measure()


def test_a_short_answer_ends_in_ones(bench: Bench) -> None:
    bench.faults.add("chip-short")
    data = bench.measure()
    assert data
    assert crc_fits(data[:3])
    assert data[3:] == b"\xff\xff\xff"


def test_a_stuck_value_no_longer_follows_the_air(bench: Bench) -> None:
    bench.faults.add("stuck-value")
    bench.measure()
    bench.air = Air(60.0, 90.0)
    stuck = bench.measure()
    assert stuck
    assert {bench.measure() for _ in range(5)} == {stuck}, "to the last bit"
    assert abs(int.from_bytes(stuck[:2], "big") - 0x6666) < 60
    bench.faults.clear()
    free = bench.measure()
    assert free
    assert abs(int.from_bytes(free[:2], "big") - 39321) < 60  # (60 + 45) / 175 of 65535


def test_a_noisy_value_leaps(bench: Bench) -> None:
    bench.faults.add("noisy-value")
    seen = [int.from_bytes((bench.measure() or b"")[:2], "big") for _ in range(30)]
    assert max(seen) - min(seen) > 3000  # 8 °C


def test_two_at_one_address_are_bitwise_and(bench: Bench) -> None:
    bench.faults.add("chip-twice")
    seen = [bench.measure() or b"" for _ in range(20)]
    assert any(not crc_fits(data[:3]) for data in seen)
    # 31 °C is 0x6F2E beside 0x6666: no bit is 1 in the answer that is not in both.
    assert all(data[0] & ~0x6F == 0 for data in seen)


def test_a_wrong_chip_takes_everything_and_knows_nothing(bench: Bench) -> None:
    bench.faults.add("chip-wrong")
    data = bench.measure()
    assert data
    assert not crc_fits(data[:3])


@pytest.mark.parametrize("register", [0xFE, 0xFF])
def test_a_wrong_chip_has_not_the_names_of_a_power_meter(register: int) -> None:
    has: Callable[[str], bool] = {"chip-wrong"}.__contains__
    bus = Segment([Seat(0x40, lambda: Ina226(0.002), lambda: Load(12.0, 1.0), has=has)])
    answers = bus.transfer(0.0, [(0x40, Message(bytes([register]))), (0x40, Message(read_bytes=2))])
    assert answers[1].data == b"\xff\xff"
