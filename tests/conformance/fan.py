"""What every `Fan` must do."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.fan import Fan


class FanRig(Protocol):
    """A fan that stands."""

    fan: Fan

    async def block(self, *, blocked: bool) -> None:
        """Hold its blades."""
        ...


async def it_turns_when_on_and_stands_when_off(rig: FanRig) -> None:
    assert isinstance(rig.fan, Fan)
    assert not rig.fan.is_turning()
    for _ in range(2):
        await rig.fan.ensure_running(on=True)
        assert rig.fan.is_turning()
    for _ in range(2):
        await rig.fan.ensure_running(on=False)
        assert not rig.fan.is_turning()


async def a_blocked_fan_is_an_error_until_it_is_free(rig: FanRig) -> None:
    await rig.block(blocked=True)
    with pytest.raises(HalError) as caught:
        await rig.fan.ensure_running(on=True)
    assert caught.value.code == 2121
    assert not rig.fan.is_turning()
    await rig.block(blocked=False)
    await rig.fan.ensure_running(on=True)
    assert rig.fan.is_turning()


FanCheck = Callable[[FanRig], Awaitable[None]]
QUICK_CHECKS: tuple[FanCheck, ...] = (it_turns_when_on_and_stands_when_off,)
CHECKS: tuple[FanCheck, ...] = (
    *QUICK_CHECKS,
    a_blocked_fan_is_an_error_until_it_is_free,
)
