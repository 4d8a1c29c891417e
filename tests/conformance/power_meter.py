"""What every `PowerMeter` must do, besides what `bus_sensor` asks."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.interfaces.power_meter import PowerMeter


class PowerRig(Protocol):
    @property
    def sensor(self) -> PowerMeter: ...

    @property
    def patient(self) -> PowerMeter:
        """The same meter with the driver's own patience for values that repeat."""
        ...

    @property
    def load_w(self) -> float:
        """What the cabinet really takes now."""
        ...

    def change_load(self) -> None:
        """Switch something on that takes some watts."""
        ...


async def power_is_told_as_it_is_now(rig: PowerRig) -> None:
    assert isinstance(rig.sensor, PowerMeter)
    before_w = rig.load_w
    power = await rig.sensor.read()
    assert power.power_w == pytest.approx(before_w, rel=0.05, abs=0.5)
    assert power.power_w == pytest.approx(power.voltage_v * power.current_a, rel=0.03, abs=0.5)
    rig.change_load()
    assert rig.load_w > before_w + 1
    await rig.sensor.read()  # begun before
    assert (await rig.sensor.read()).power_w == pytest.approx(rig.load_w, rel=0.05, abs=0.5)


async def a_cabinet_at_rest_is_no_stuck_meter(rig: PowerRig) -> None:
    for _ in range(1000):
        await rig.patient.read()


PowerCheck = Callable[[PowerRig], Awaitable[None]]
CHECKS: tuple[PowerCheck, ...] = (power_is_told_as_it_is_now, a_cabinet_at_rest_is_no_stuck_meter)
QUICK_CHECKS = CHECKS[:1]
"""A conversion takes 35 ms; a thousand are for simulated time."""
