"""The power meter, as its data sheet describes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.ina226 import codec
from hal.drivers.ina226.driver import Ina226
from hal.errors import HalError
from hal.interfaces.power_meter import PowerMeter
from simulators.clock import run_virtual
from tests.hal.drivers import numbered
from tests.hal.drivers.i2c_board import Board, Registers16


class Meter(Registers16):
    """12 V and 10 A through 2 mΩ once it is calibrated."""

    def __init__(self, bus: int = 9600, shunt: int = 8000) -> None:
        super().__init__({0x00: 0x4127, 0x02: bus, 0xFE: 0x5449, 0xFF: 0x2260, 0x06: 0x0008})
        self.shunt = shunt
        self.ready_in = 0

    def read(self, length: int) -> bytes:
        current = self.shunt * self.registers.get(0x05, 0) // 2048
        self.registers[0x04] = current & 0xFFFF
        self.registers[0x03] = abs(current) * self.registers[0x02] // 20_000
        if self.pointer == 0x06:
            self.ready_in -= 1
            self.registers[0x06] = 0x0008 if self.ready_in < 0 else 0
        return super().read(length)


def fitted(*chips: Registers16) -> Ina226:
    board = Board()
    board.fit(0x40, *chips)
    return Ina226(board)


def code_of(driver: Ina226) -> int:
    with pytest.raises(HalError) as caught:
        run_virtual(driver.read())
    return caught.value.code


def test_volts_amperes_and_watts() -> None:
    chip = Meter()
    driver = fitted(chip)
    assert isinstance(driver, PowerMeter)
    power = run_virtual(driver.read())
    assert (power.voltage_v, power.current_a, power.power_w) == (12.0, 10.0, 120.0)
    assert chip.registers[0x05] == 2560
    assert chip.registers[0x00] == 0x4527


def test_current_flows_back() -> None:
    power = run_virtual(fitted(Meter(shunt=-800)).read())
    assert power.current_a == -1.0
    assert power.power_w == 12.0


def test_it_is_set_up_once_and_after_it_has_lost_power() -> None:
    chip = Meter()
    driver = fitted(chip)
    run_virtual(driver.read())
    chip.reads.clear()
    run_virtual(driver.read())
    assert 0xFE not in chip.reads
    chip.registers.update({0x00: 0x4127, 0x05: 0})
    assert run_virtual(driver.read()).current_a == 10.0


def test_it_waits_for_a_conversion_and_not_for_ever() -> None:
    chip = Meter()
    chip.ready_in = 2
    assert run_virtual(fitted(chip).read()).current_a == 10.0
    chip.ready_in = 100
    assert code_of(fitted(chip)) == 1015


@pytest.mark.parametrize(("register", "value"), [(0xFE, 0x5448), (0xFF, 0x2270), (0xFF, 0)])
def test_another_kind_of_chip_is_refused(register: int, value: int) -> None:
    chip = Meter()
    chip.registers[register] = value
    assert code_of(fitted(chip)) == 1013


def test_a_later_revision_is_the_same_kind() -> None:
    chip = Meter()
    chip.registers[0xFF] = 0x2261
    run_virtual(fitted(chip).read())


def test_a_chip_that_keeps_nothing_is_refused() -> None:
    class Deaf(Meter):
        def write(self, data: bytes) -> None:
            super().write(data[:1])

    assert code_of(fitted(Deaf())) == 1013


def test_two_chips_at_one_address_contradict_each_other() -> None:
    assert code_of(fitted(Meter(9600, 8000), Meter(4801, 1237))) == 1016


def test_no_current_at_all_is_not_believed_where_it_feeds_this_computer() -> None:
    assert code_of(fitted(Meter(9600, 8000), Meter(9600, 0))) == 1018
    board = Board()
    board.fit(0x41, Meter(9600, 0))
    assert run_virtual(Ina226(board, 0x41, feeds_us=False).read()).power_w == 0


def test_counts_that_stand_still_are_none_until_they_move() -> None:
    chip, board = Meter(), Board()
    board.fit(0x40, chip)
    driver = Ina226(board, stuck_after=10)
    for _ in range(10):
        run_virtual(driver.read())
    assert [code_of(driver) for _ in range(5)] == [1015] * 5
    chip.shunt += 1
    assert run_virtual(driver.read()).current_a > 10.0


def test_a_rail_that_does_not_feed_this_computer_may_rest_for_years() -> None:
    board = Board()
    board.fit(0x40, Meter(9600, 0))
    driver = Ina226(board, feeds_us=False, stuck_after=10)
    assert {run_virtual(driver.read()).power_w for _ in range(50)} == {0.0}


def test_nobody_there() -> None:
    assert code_of(Ina226(Board())) == 1011


def test_a_short_answer() -> None:
    class Short(Meter):
        def read(self, length: int) -> bytes:
            return super().read(length)[:1]

    assert code_of(fitted(Short())) == 1014


def test_a_shunt_that_cannot_be_calibrated_is_refused() -> None:
    with pytest.raises(ValueError, match="calibration"):
        Ina226(Board(), shunt_ohm=0.000001)


@given(st.integers(0, 0x7FFF), st.integers(-0x8000, 0x7FFF))
def test_registers_of_one_conversion_always_agree(bus: int, current: int) -> None:
    assert codec.Counts(bus, current, abs(current) * bus // 20_000).agree


@given(st.binary(max_size=4))
def test_any_bytes_are_a_word_or_a_numbered_error(data: bytes) -> None:
    code = numbered.code_of(lambda: codec.decode_word(data, "it"))
    assert code == (numbered.NONE if len(data) == 2 else 1014)
