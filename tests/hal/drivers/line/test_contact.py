"""A contact on one of the computer's own lines, and what it is when the line cannot be read."""

import asyncio
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from hal.drivers.line import LineContact
from hal.errors import HalError
from hal.interfaces.contact import Contact
from hal.transports.gpio import Gpio


@pytest.fixture
def chip() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


async def test_a_cut_wire_is_an_open_door(chip: MockFactory) -> None:
    door = LineContact("door-front", Gpio(chip).input(5, active_high=True))
    assert isinstance(door, Contact)
    assert door.is_active()
    chip.pin(5).drive_low()
    assert not door.is_active()


async def test_an_opened_door_is_told(chip: MockFactory) -> None:
    door = LineContact("door-front", Gpio(chip).input(5, active_high=True))
    chip.pin(5).drive_low()
    told: asyncio.Queue[bool] = asyncio.Queue()
    door.watch(told.put_nowait)
    chip.pin(5).drive_high()
    async with asyncio.timeout(5):
        assert await told.get() is True


async def test_a_line_that_cannot_be_read_is_an_error_with_the_doors_name(
    chip: MockFactory,
) -> None:
    door = LineContact("door-front", Gpio(chip).input(5, active_high=True))
    door.close()
    with pytest.raises(HalError, match="door-front") as caught:
        door.is_active()
    assert caught.value.code == 1020
