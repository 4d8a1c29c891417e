"""A fan turns when its tachometer says so, and not because it was switched on."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hal.drivers.line import TachometerFan
from hal.errors import HalError
from hal.interfaces.fan import Fan
from simulators.clock import run_virtual
from tests.hal.drivers.line.wires import Rotor

Story = Callable[[Rotor, TachometerFan], Awaitable[None]]


def told(story: Story) -> None:
    async def whole() -> None:
        rotor = Rotor()
        spinning = asyncio.ensure_future(rotor.spin())
        await story(rotor, TachometerFan("fan1", power=rotor.power, tachometer=rotor.tachometer))
        spinning.cancel()
        await asyncio.wait({spinning})

    run_virtual(whole())


def test_it_turns_and_stops() -> None:
    async def story(rotor: Rotor, fan: TachometerFan) -> None:
        assert isinstance(fan, Fan)
        assert not fan.is_turning()
        await fan.ensure_running(on=True)
        assert fan.is_turning()
        await asyncio.sleep(10)
        assert fan.is_turning()
        await fan.ensure_running(on=False)
        assert not rotor.power.on
        assert not fan.is_turning()

    told(story)


def test_a_blocked_fan_is_an_error_and_stays_on() -> None:
    async def story(rotor: Rotor, fan: TachometerFan) -> None:
        rotor.blocked = True
        with pytest.raises(HalError, match="fan1") as caught:
            await fan.ensure_running(on=True)
        assert caught.value.code == 2121
        assert rotor.power.on

    told(story)


def test_a_fan_that_stops_by_itself_is_noticed_within_seconds() -> None:
    async def story(rotor: Rotor, fan: TachometerFan) -> None:
        await fan.ensure_running(on=True)
        rotor.blocked = True
        await asyncio.sleep(1.5)
        assert not fan.is_turning()
        with pytest.raises(HalError) as caught:
            await fan.ensure_running(on=True)
        assert caught.value.code == 2121

    told(story)


def test_a_fan_that_turns_without_being_on_is_an_error() -> None:
    async def story(rotor: Rotor, fan: TachometerFan) -> None:
        rotor.wired_to_others = True
        await fan.ensure_running(on=True)
        with pytest.raises(HalError) as caught:
            await fan.ensure_running(on=False)
        assert caught.value.code == 2122

    told(story)


def test_a_tachometer_that_cannot_be_read_is_an_error() -> None:
    async def story(rotor: Rotor, fan: TachometerFan) -> None:
        await fan.ensure_running(on=True)
        rotor.tachometer.failure = OSError("gone")
        with pytest.raises(HalError) as caught:
            fan.is_turning()
        assert caught.value.code == 1020
        rotor.tachometer.failure = None

    told(story)
