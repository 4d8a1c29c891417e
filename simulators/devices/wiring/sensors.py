"""Sensors of air and power on the bus `main`.

The world knows one number for dust, the mass of all particles up to 10 µm; the other ones
are made from it in fixed proportions, as of office dust.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from simulators.devices.ina226 import Ina226, Load
from simulators.devices.sht3x import Air, Sht3x
from simulators.devices.sps30 import Particles, Sps30
from simulators.devices.wiring.places import METER, SENSIRION, Bus
from simulators.world.description import Chip
from simulators.world.world import World

SHUNT_OHM = 0.002


def solder_sensors(bus: Bus) -> None:
    """Put the profile's sensors on their bus."""
    for chip in bus.world.description.chips:
        SOLDER[chip.model](bus, chip)


def _solder_climate(bus: Bus, chip: Chip) -> None:
    """A second chip at the address is meant for elsewhere, where it is warmer and drier."""
    world = bus.world
    bus.solder(
        SENSIRION,
        chip.address,
        lambda: Sht3x(seed=chip.address),
        lambda: _air(world),
        elsewhere=lambda: Air(_air(world).temperature_c + 6, _air(world).humidity_pct - 15),
        alias=chip.name,
    )


def _air(world: World) -> Air:
    climate = world.air.now()
    return Air(climate.temperature_c, climate.humidity_pct)


def _solder_dust(bus: Bus, chip: Chip) -> None:
    world = bus.world
    bus.solder(
        SENSIRION,
        chip.address,
        lambda: Sps30(seed=chip.address),
        lambda: spread(world.air.now().dust_ug_m3),
        elsewhere=lambda: spread(world.air.now().dust_ug_m3 * 3),
        alias=chip.name,
    )


def spread(pm10_ug_m3: float) -> Particles:
    """What the sensor counts in air of so much dust."""
    shares = Particles(0.55, 0.8, 0.92, 1.0, 3.6, 4.3, 4.4, 4.41, 4.42, 0.0)
    values = {name: getattr(shares, name) * pm10_ug_m3 for name in shares.__dataclass_fields__}
    return replace(Particles(**values), typical_size_um=0.6)


RIPPLE_A, RIPPLE_V = 0.008, 0.002
"""Standard deviation of what the cabinet's computer draws each moment, and of its rail."""


def _solder_power(bus: Bus, chip: Chip) -> None:
    power = bus.world.power
    chance = random.Random(chip.address)  # noqa: S311  # the same world, the same values

    def rail() -> Load:
        volts, amperes = power.volts, power.amperes
        return Load(chance.gauss(volts, RIPPLE_V), chance.gauss(amperes, RIPPLE_A))

    bus.solder(
        METER,
        chip.address,
        lambda: Ina226(SHUNT_OHM),
        rail,
        elsewhere=lambda: Load(power.volts, 0.0),
        alias=chip.name,
    )


SOLDER: dict[str, Callable[[Bus, Chip], None]] = {
    "sht3x": _solder_climate,
    "sps30": _solder_dust,
    "ina226": _solder_power,
}
"""By the model that a profile names."""
