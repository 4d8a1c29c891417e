"""What every `ClimateSensor` must do, besides what `bus_sensor` asks."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.interfaces.climate_sensor import ClimateSensor


class ClimateRig(Protocol):
    @property
    def sensor(self) -> ClimateSensor: ...

    def set_air(self, temperature_c: float, humidity_pct: float) -> None:
        """Have the air before the sensor so, at once."""
        ...


async def the_air_is_told_as_it_is_now(rig: ClimateRig) -> None:
    assert isinstance(rig.sensor, ClimateSensor)
    for celsius, percent in ((21.0, 45.0), (35.5, 80.0), (4.0, 12.0)):
        rig.set_air(celsius, percent)
        climate = await rig.sensor.read()
        assert climate.temperature_c == pytest.approx(celsius, abs=0.5)
        assert climate.humidity_pct == pytest.approx(percent, abs=2)


ClimateCheck = Callable[[ClimateRig], Awaitable[None]]
CHECKS: tuple[ClimateCheck, ...] = (the_air_is_told_as_it_is_now,)
