"""The climate sensor with bytes from its data sheet."""

import errno
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.sensirion import crc8
from hal.drivers.sht3x.codec import Sample, decode_sample
from hal.drivers.sht3x.driver import Sht3x
from hal.errors import HalError
from hal.interfaces.climate_sensor import ClimateSensor
from simulators.clock import run_virtual
from tests.hal.drivers.i2c_board import Board, Script
from tests.hal.drivers.numbered import NONE, code_of

GOOD = bytes.fromhex("6666 93 8000 A2")
"""25 °C and 50 %."""
WRONG = bytes.fromhex("6666 94 8000 A2")
NACK = OSError(errno.ENXIO, "not yet")


def sensor(*answers: bytes | OSError, stuck_after: int = 30) -> tuple[Sht3x, Script]:
    board, chip = Board(), Script(deque(answers))
    board.fit(0x44, chip)
    return Sht3x(board, stuck_after=stuck_after), chip


def answer(temperature: int, humidity: int) -> bytes:
    words = [value.to_bytes(2, "big") for value in (temperature, humidity)]
    return b"".join(word + bytes([crc8(word)]) for word in words)


def test_a_reading_is_a_measurement_of_now() -> None:
    driver, chip = sensor(GOOD)
    assert isinstance(driver, ClimateSensor)
    climate = run_virtual(driver.read())
    assert climate.temperature_c == pytest.approx(25.0, abs=0.001)
    assert climate.humidity_pct == pytest.approx(50.0, abs=0.001)
    assert chip.written == [b"\x24\x00"]


@pytest.mark.parametrize(("raw", "celsius", "percent"), [(0, -45, 0), (0xFFFF, 130, 100)])
def test_the_ends_of_the_scale(raw: int, celsius: float, percent: float) -> None:
    climate = decode_sample(answer(raw, raw), "it").climate
    assert (climate.temperature_c, climate.humidity_pct) == (celsius, percent)


@pytest.mark.parametrize("trouble", [WRONG, NACK, GOOD[:5]])
def test_one_spoiled_reading_is_made_again(trouble: bytes | OSError) -> None:
    driver, chip = sensor(trouble, trouble, GOOD)
    assert run_virtual(driver.read()).temperature_c == pytest.approx(25.0, abs=0.001)
    assert len(chip.written) == 3


@pytest.mark.parametrize(
    ("trouble", "code"), [(WRONG, 1012), (NACK, 1011), (GOOD[:5], 1014), (OSError("gone"), 1010)]
)
def test_what_stays_spoiled_is_an_error_and_never_the_value_before(
    trouble: bytes | OSError, code: int
) -> None:
    driver, _ = sensor(GOOD, trouble)

    async def story() -> None:
        await driver.read()
        for _ in range(3):
            with pytest.raises(HalError) as caught:
                await driver.read()
            assert caught.value.code == code

    run_virtual(story())


def test_two_sensors_at_one_address_are_wrong_checksums() -> None:
    board = Board()
    board.fit(
        0x44, Script(deque([answer(0x6543, 0x8123)])), Script(deque([answer(0x6789, 0x7FF1)]))
    )
    with pytest.raises(HalError) as caught:
        run_virtual(Sht3x(board).read())
    assert caught.value.code == 1012


def test_a_value_that_stands_still_is_no_value_until_it_moves() -> None:
    driver, _ = sensor(*[GOOD] * 11, answer(0x6667, 0x8000), GOOD, stuck_after=10)

    async def story() -> None:
        for _ in range(10):
            await driver.read()
        with pytest.raises(HalError) as caught:
            await driver.read()
        assert caught.value.code == 1015
        assert (await driver.read()).temperature_c > 25
        await driver.read()

    run_virtual(story())


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_samples_come_back_and_lie_on_the_scale(temperature: int, humidity: int) -> None:
    sample = decode_sample(answer(temperature, humidity), "it")
    assert sample == Sample(temperature, humidity)
    assert -45 <= sample.climate.temperature_c <= 130
    assert 0 <= sample.climate.humidity_pct <= 100


@given(st.binary(max_size=12))
def test_any_bytes_are_a_sample_or_a_numbered_error(data: bytes) -> None:
    assert code_of(lambda: decode_sample(data, "it")) in {1012, 1014, NONE}
