"""Every sensor of the air and of power as the same thing: a name, and quantities read at once."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from hal.interfaces.climate_sensor import ClimateSensor
from hal.interfaces.dust_sensor import DustSensor
from hal.interfaces.power_meter import PowerMeter


@dataclass(frozen=True, slots=True)
class Probe:
    """`read` brings one value for each of `quantities`, in order; it raises `HalError`."""

    name: str
    quantities: tuple[str, ...]
    read: Callable[[], Awaitable[tuple[float, ...]]]


def probes(
    climate: Mapping[str, ClimateSensor],
    dust: Mapping[str, DustSensor],
    power: Mapping[str, PowerMeter],
) -> Iterator[Probe]:
    """Those of one appliance."""
    for name, sensor in climate.items():
        yield _climate(name, sensor)
    for name, counter in dust.items():
        yield _dust(name, counter)
    for name, meter in power.items():
        yield _power(name, meter)


def _climate(name: str, sensor: ClimateSensor) -> Probe:
    async def read() -> tuple[float, ...]:
        air = await sensor.read()
        return air.temperature_c, air.humidity_pct

    return Probe(name, ("temperature", "humidity"), read)


def _dust(name: str, sensor: DustSensor) -> Probe:
    async def read() -> tuple[float, ...]:
        air = await sensor.read()
        return air.pm1_ug_m3, air.pm2_5_ug_m3, air.pm4_ug_m3, air.pm10_ug_m3

    return Probe(name, ("dust_pm1", "dust_pm2_5", "dust_pm4", "dust_pm10"), read)


def _power(name: str, meter: PowerMeter) -> Probe:
    async def read() -> tuple[float, ...]:
        power = await meter.read()
        return power.voltage_v, power.current_a, power.power_w

    return Probe(name, ("voltage", "current", "power"), read)
