"""What every `DustSensor` must do, besides what `bus_sensor` asks."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.interfaces.dust_sensor import DustSensor


class DustRig(Protocol):
    @property
    def sensor(self) -> DustSensor: ...

    def set_dust(self, pm10_ug_m3: float) -> None: ...


async def dust_is_told_as_it_is_now(rig: DustRig) -> None:
    assert isinstance(rig.sensor, DustSensor)
    for pm10 in (8.0, 150.0, 20.0):
        rig.set_dust(pm10)
        await rig.sensor.read()  # begun before
        dust = await rig.sensor.read()
        assert dust.pm10_ug_m3 == pytest.approx(pm10, rel=0.15)
        assert 0 < dust.pm1_ug_m3 <= dust.pm2_5_ug_m3 <= dust.pm4_ug_m3 <= dust.pm10_ug_m3
        assert 0.1 < dust.typical_size_um < 10


async def it_measures_again_after_cleaning(rig: DustRig) -> None:
    await rig.sensor.read()
    await rig.sensor.clean()
    await rig.sensor.read()


DustCheck = Callable[[DustRig], Awaitable[None]]
QUICK_CHECKS: tuple[DustCheck, ...] = (dust_is_told_as_it_is_now,)
CHECKS: tuple[DustCheck, ...] = (*QUICK_CHECKS, it_measures_again_after_cleaning)
