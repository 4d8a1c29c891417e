"""The dust sensor, as its data sheet describes it."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.sensirion import crc8
from hal.drivers.sps30 import codec
from hal.drivers.sps30.driver import Sps30
from hal.errors import HalError
from hal.interfaces.dust_sensor import DustSensor
from simulators.clock import run_virtual
from tests.hal.drivers import numbered
from tests.hal.drivers.i2c_board import Board

VALUES = (1.0, 2.5, 4.0, 10.0, 6.0, 7.0, 8.0, 8.5, 9.0, 0.5)


def words(data: bytes) -> bytes:
    pairs = (data[at : at + 2] for at in range(0, len(data), 2))
    return b"".join(pair + bytes([crc8(pair)]) for pair in pairs)


class Sensor:
    """One sample for each question after the first so many; refuses what it may refuse."""

    def __init__(self, not_ready: int = 2) -> None:
        self.not_ready = not_ready
        self.waiting = not_ready
        self.measuring = False
        self.values = VALUES
        self.status = 0
        self.old_firmware = False
        self.spoil = 0
        self.commands: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.commands.append(data)
        if data == b"\x01\x04" and not self.measuring:
            raise OSError(errno.ENXIO, "idle already")
        if data == b"\xd2\x06" and self.old_firmware:
            raise OSError(errno.ENXIO, "never heard of")
        if data == bytes.fromhex("0010 0300 AC"):
            self.measuring = True
        if data == b"\x01\x04":
            self.measuring = False

    def read(self, length: int) -> bytes:
        answer = words(self._answer())
        if self.spoil:
            self.spoil -= 1
            answer = bytes([answer[0] ^ 1]) + answer[1:]
        return answer[:length]

    def _answer(self) -> bytes:
        command = self.commands[-1]
        if command == b"\x02\x02":
            if self.waiting:
                self.waiting -= 1
                return b"\x00\x00"
            return b"\x00\x01"
        if command == b"\xd2\x06":
            return self.status.to_bytes(4, "big")
        assert command == b"\x03\x00"
        self.waiting = self.not_ready
        return struct.pack(">10f", *self.values)


def fitted(chip: Sensor) -> Sps30:
    board = Board()
    board.fit(0x69, chip)
    return Sps30(board)


def code_of(driver: Sps30) -> int:
    with pytest.raises(HalError) as caught:
        run_virtual(driver.read())
    return caught.value.code


def test_the_first_reading_starts_it_and_waits_for_a_sample() -> None:
    chip = Sensor()
    driver = fitted(chip)
    assert isinstance(driver, DustSensor)
    dust = run_virtual(driver.read())
    assert (dust.pm1_ug_m3, dust.pm2_5_ug_m3, dust.pm4_ug_m3, dust.pm10_ug_m3) == VALUES[:4]
    assert dust.typical_size_um == 0.5
    assert chip.commands[:2] == [b"\x01\x04", bytes.fromhex("001003 00AC")]


def test_a_sensor_left_measuring_by_a_crash_is_started_anew_and_only_once() -> None:
    chip = Sensor()
    chip.measuring = True
    driver = fitted(chip)

    async def story() -> None:
        for _ in range(3):
            await driver.read()

    run_virtual(story())
    assert chip.commands.count(bytes.fromhex("00100300AC")) == 1


def test_no_new_sample_is_an_error_and_the_next_reading_starts_it_again() -> None:
    chip = Sensor()
    driver = fitted(chip)
    run_virtual(driver.read())
    chip.waiting = chip.not_ready = 10_000
    assert code_of(driver) == 1015
    chip.waiting = chip.not_ready = 1
    run_virtual(driver.read())
    assert chip.commands.count(bytes.fromhex("00100300AC")) == 2


@pytest.mark.parametrize("dust", [0.0, 4.4])
def test_dust_that_stands_still_is_no_value_and_clean_air_is(dust: float) -> None:
    chip = Sensor()
    chip.values = (dust, dust, dust, dust, *VALUES[4:])
    driver = fitted(chip)

    async def story() -> None:
        for _ in range(31):
            await driver.read()

    if not dust:
        run_virtual(story())
        return
    with pytest.raises(HalError) as caught:
        run_virtual(story())
    assert caught.value.code == 1015
    chip.values = VALUES
    run_virtual(driver.read())


@pytest.mark.parametrize("spoiled", [1, 2])
def test_noise_passes(spoiled: int) -> None:
    chip = Sensor()
    chip.spoil = spoiled
    run_virtual(fitted(chip).read())


def test_lasting_wrong_checksums_are_an_error() -> None:
    chip = Sensor()
    chip.spoil = 10_000
    assert code_of(fitted(chip)) == 1012


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e9])
def test_what_cannot_be_is_an_error(value: float) -> None:
    chip = Sensor()
    chip.values = (value, *VALUES[1:])
    assert code_of(fitted(chip)) == 1018


@pytest.mark.parametrize(("bit", "word"), [(5, "laser failed"), (4, "fan blocked")])
def test_a_sensor_that_says_it_failed_gives_no_value(bit: int, word: str) -> None:
    chip = Sensor()
    chip.status = 1 << bit
    with pytest.raises(HalError, match="failed") as caught:
        run_virtual(fitted(chip).read())
    assert caught.value.code == 1017
    assert caught.value.detail == word


def test_old_firmware_has_no_status_and_works() -> None:
    chip = Sensor()
    chip.old_firmware = True
    driver = fitted(chip)
    run_virtual(driver.read())
    asked = chip.commands.count(b"\xd2\x06")
    run_virtual(driver.read())
    assert chip.commands.count(b"\xd2\x06") == asked


def test_cleaning_blows_for_ten_seconds_and_stopping_stops() -> None:
    chip = Sensor()
    driver = fitted(chip)

    async def story() -> None:
        await driver.clean()
        await driver.stop()

    run_virtual(story())
    assert chip.commands[-2:] == [b"\x56\x07", b"\x01\x04"]
    assert not chip.measuring


@given(st.binary(max_size=70))
def test_any_bytes_are_dust_or_a_numbered_error(data: bytes) -> None:
    assert numbered.code_of(lambda: codec.decode_dust(data, "it")) in {1012, 1014, 1018, 0}
    assert numbered.code_of(lambda: codec.decode_ready(data, "it")) in {1012, 1014, 0}
    assert numbered.code_of(lambda: codec.decode_status(data, "it")) in {1012, 1014, 0}


@given(st.binary(min_size=40, max_size=40))
def test_any_floats_are_dust_or_impossible(data: bytes) -> None:
    possible = all(0 <= value <= codec.MASS_MAX_UG_M3 for value in struct.unpack(">10f", data))
    code = numbered.code_of(lambda: codec.decode_dust(words(data), "it"))
    assert code == (numbered.NONE if possible else 1018)
