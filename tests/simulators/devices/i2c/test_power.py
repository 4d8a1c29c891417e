"""INA226 at its pins: registers worked out by hand from its equations."""

import pytest

from simulators.devices.i2c.message import SILENCE, Message
from simulators.devices.ina226 import Ina226, Load

LOAD = Load(voltage_v=12.0, current_a=5.0)
TWO_MILLIOHM = 0.002


class Host:
    """A host with the chip alone, and the clock in the test's hand."""

    def __init__(self) -> None:
        self.chip = Ina226(TWO_MILLIOHM)
        self.now_s = 0.1

    def write(self, register: int, value: int) -> None:
        raw = bytes([register]) + value.to_bytes(2, "big")
        assert self.chip.update(self.now_s, Message(raw), LOAD).acknowledged

    def read(self, register: int, load: Load = LOAD) -> int:
        assert self.chip.update(self.now_s, Message(bytes([register])), load).acknowledged
        data = self.chip.update(self.now_s, Message(read_bytes=2), load).data
        return int.from_bytes(data, "big")


@pytest.fixture
def host() -> Host:
    return Host()


def test_it_says_who_it_is(host: Host) -> None:
    assert (host.read(0xFE), host.read(0xFF), host.read(0x00)) == (0x5449, 0x2260, 0x4127)


def test_five_amperes_over_two_milliohms_at_twelve_volts(host: Host) -> None:
    """10 mV are 4000 counts of 2.5 µV, 12 V are 9600 of 1.25 mV. With a calibration of 2560, a
    count is 1 mA: 4000 x 2560 / 2048 = 5000. Power: 5000 x 9600 / 20000 = 2400 of 25 mW = 60 W.
    """
    host.write(0x05, 2560)
    host.now_s += 0.0025
    assert [host.read(register) for register in (1, 2, 4, 3)] == [4000, 9600, 5000, 2400]


def test_without_calibration_there_is_no_current(host: Host) -> None:
    assert [host.read(register) for register in (1, 2, 3, 4)] == [4000, 9600, 0, 0]


def test_a_current_that_flows_back_is_negative(host: Host) -> None:
    host.write(0x05, 2560)
    host.now_s += 0.0025
    assert host.read(0x04, Load(12.0, -1.0)) == 0x10000 - 1000
    assert host.read(0x03, Load(12.0, -1.0)) == 1000 * 9600 // 20000


def test_registers_change_with_a_conversion_and_not_before(host: Host) -> None:
    """As delivered: two conversions of 1.1 ms each, again and again."""
    assert host.read(0x02) == 9600
    host.now_s += 0.0001
    assert host.read(0x02, Load(6.0, 0.0)) == 9600
    host.now_s += 0.0022
    assert host.read(0x02, Load(6.0, 0.0)) == 4800


def test_averaging_takes_longer(host: Host) -> None:
    """64 averages (bits 011) of 2.2 ms each are 140.8 ms."""
    host.write(0x00, 0x4127 | 0b011 << 9)
    host.now_s += 0.14
    assert not host.read(0x06) & 0x0008
    host.now_s += 0.001
    assert host.read(0x06) & 0x0008
    assert not host.read(0x06) & 0x0008


def test_powered_down_it_converts_no_more_and_triggered_once(host: Host) -> None:
    host.read(0x02)
    host.write(0x00, 0x4120)
    host.now_s += 10
    assert host.read(0x02, Load(6.0, 0.0)) == 9600
    host.write(0x00, 0x4123)
    host.now_s += 0.0023
    assert host.read(0x02, Load(6.0, 0.0)) == 4800
    host.now_s += 10
    assert host.read(0x02, Load(3.0, 0.0)) == 4800


def test_a_reset_forgets_the_calibration(host: Host) -> None:
    host.write(0x05, 2560)
    assert host.read(0x05) == 2560
    host.write(0x00, 0x8000)
    assert (host.read(0x05), host.read(0x00)) == (0, 0x4127)


def test_measured_values_and_names_cannot_be_written(host: Host) -> None:
    for register in (0x01, 0x02, 0xFE, 0xFF):
        host.write(register, 0xABCD)
    assert (host.read(0x01), host.read(0xFE), host.read(0xFF)) == (4000, 0x5449, 0x2260)


def test_a_full_shunt_stays_at_the_end_of_its_range(host: Host) -> None:
    assert host.read(0x01, Load(12.0, 100.0)) == 0x7FFF


def test_more_than_a_register_is_refused(host: Host) -> None:
    assert host.chip.update(0.2, Message(b"\x05\x01\x02\x03"), LOAD) == SILENCE
