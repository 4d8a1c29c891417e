"""Lines of the computer through gpiozero, with gpiozero's own mock chip."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from hal.transports.gpio import Gpio, open_gpio
from hal.transports.interfaces import GpioLines, InputLine, OutputLine


@pytest.fixture
def chip() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


def test_a_pulled_up_input_is_active_when_low_unless_said_otherwise(chip: MockFactory) -> None:
    gpio = Gpio(chip)
    assert isinstance(gpio, GpioLines)
    contact, smoke = gpio.input(5), gpio.input(17, active_high=True)
    assert isinstance(contact, InputLine)
    assert not contact.is_active(), "an open line reads high"
    assert smoke.is_active(), "a cut wire is the unsafe answer"
    chip.pin(5).drive_low()
    chip.pin(17).drive_low()
    assert contact.is_active()
    assert not smoke.is_active()


async def test_an_output_is_off_until_it_is_set_and_follows_its_polarity(chip: MockFactory) -> None:
    gpio = Gpio(chip)
    high, low = gpio.output(6), gpio.output(16, active_high=False)
    assert isinstance(high, OutputLine)
    assert (chip.pin(6).state, chip.pin(16).state) == (False, True)
    await high.set(True)
    await low.set(True)
    assert (chip.pin(6).state, chip.pin(16).state) == (True, False)
    assert await high.is_set()
    assert await low.is_set()
    high.close()
    low.close()


@pytest.mark.parametrize("active_high", [False, True])
async def test_changes_from_another_thread_reach_the_loop_in_order(
    chip: MockFactory, active_high: bool
) -> None:
    line = Gpio(chip).input(5, active_high=active_high)
    told: asyncio.Queue[tuple[bool, int]] = asyncio.Queue()
    line.watch(lambda active: told.put_nowait((active, threading.get_ident())))
    pin = chip.pin(5)

    def bounce() -> None:
        for _ in range(3):
            pin.drive_low()
            pin.drive_high()

    thread = threading.Thread(target=bounce)
    thread.start()
    async with asyncio.timeout(5):
        seen = [await told.get() for _ in range(6)]
    thread.join()
    assert [active for active, _ in seen] == [not active_high, active_high] * 3
    assert {ident for _, ident in seen} == {threading.get_ident()}


def test_an_unknown_factory_is_an_oserror_that_names_those_there_are() -> None:
    with pytest.raises(OSError, match=r"no gpiozero pin factory 'lgpo'; there are .*lgpio"):
        open_gpio("lgpo", "0")


def test_a_chip_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(OSError, match="lgpio"):
        open_gpio("lgpio", "99")


def test_a_line_that_does_not_exist_or_is_taken_is_an_oserror(chip: MockFactory) -> None:
    gpio = Gpio(chip)
    with pytest.raises(OSError, match="GPIO 99"):
        gpio.input(99)
    taken = gpio.input(5)
    with pytest.raises(OSError, match="GPIO 5"):
        gpio.output(5)
    taken.close()
    gpio.output(5).close()


def test_a_factory_is_loaded_by_its_name() -> None:
    gpio = open_gpio("mock")
    assert not gpio.input(5).is_active()
    gpio.close()


def test_a_closed_line_cannot_be_asked(chip: MockFactory) -> None:
    line = Gpio(chip).input(5)
    line.close()
    with pytest.raises(OSError, match="GPIO 5"):
        line.is_active()
