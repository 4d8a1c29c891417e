"""The air in a cabinet, which follows the room's, and the room itself.

Temperature, humidity and dust drift towards where the room, the cabinet's own heat and its
filter want them: exponentially, at a rate that grows when a door is open. Values are computed
when asked for, from the time of the world's clock (`World.clock`, seconds), so an hour
costs nothing.

Not modelled: dew, draughts between the units of one rack, coupling of temperature and
relative humidity.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

CLOSED_S = 3600.0
"""Time constant of temperature and humidity with the doors closed."""
OPEN_S = 300.0
"""The same with a door open; dust takes this long without a fan."""
FILTER_S = 600.0
"""Time constant of dust while a fan turns behind closed doors."""
HEAT_C_W = 0.01
"""Warming above the room by each watt that the cabinet draws."""
FILTERED = 0.2
"""Part of the room's dust that is left behind closed doors, with a turning fan."""


class Air(msgspec.Struct):
    """Air of the cabinet as last settled, and the room's, towards which it drifts."""

    temperature_c: float = 21.0
    humidity_pct: float = 45.0
    dust_ug_m3: float = 6.0
    """Mass of all particles up to 10 µm (PM10), µg/m³."""
    room_temperature_c: float = 21.0
    room_humidity_pct: float = 45.0
    room_dust_ug_m3: float = 20.0


@dataclass(frozen=True)
class Climate:
    """The air at one moment."""

    temperature_c: float
    humidity_pct: float
    dust_ug_m3: float


@dataclass(frozen=True)
class Surroundings:
    """What else acts on the air."""

    door_open: bool
    fan_turning: bool
    watts: float


class Atmosphere:
    """The cabinet's air over time."""

    def __init__(
        self,
        air: Air,
        clock: Callable[[], float],
        look: Callable[[], Surroundings],
        save: Callable[[], None],
    ) -> None:
        self._air = air
        self._clock = clock
        self._look = look
        self._save = save
        self._around = look()
        self._since_s = clock()

    def now(self) -> Climate:
        """The air at the clock's time. Settles itself when the surroundings have changed."""
        around = self._look()
        climate = self._at(self._clock())
        if around != self._around or self._clock() < self._since_s:
            self._keep(climate, around)
        return climate

    def set_room(self, values: dict[str, float], *, at_once: bool = False) -> None:
        """Change the room; the cabinet follows, `at_once` or in its own time.

        `values` are by name: ``temperature_c``, ``humidity_pct``, ``dust_ug_m3``.
        """
        self._keep(self._at(self._clock()), self._look())
        for name, value in values.items():
            setattr(self._air, f"room_{name}", value)
            if at_once:
                setattr(self._air, name, value)
        self._save()

    def settle(self) -> None:
        """Write the present values into the world's state, to be saved with it."""
        self._keep(self._at(self._clock()), self._look())

    def restart(self) -> None:
        """Begin to count from the clock's present time: it may be another clock now."""
        self._since_s = self._clock()

    def _keep(self, climate: Climate, around: Surroundings) -> None:
        self._air.temperature_c = climate.temperature_c
        self._air.humidity_pct = climate.humidity_pct
        self._air.dust_ug_m3 = climate.dust_ug_m3
        self._around = around
        self._since_s = self._clock()

    def _at(self, now_s: float) -> Climate:
        air, around = self._air, self._around
        past_s = max(0.0, now_s - self._since_s)
        still_s = OPEN_S if around.door_open else CLOSED_S
        filtered = around.fan_turning and not around.door_open
        dust = air.room_dust_ug_m3 * (FILTERED if filtered else 1.0)
        heat_c = 0.0 if around.door_open else around.watts * HEAT_C_W
        warm_c = air.room_temperature_c + heat_c
        return Climate(
            _drift(air.temperature_c, warm_c, past_s / still_s),
            _drift(air.humidity_pct, air.room_humidity_pct, past_s / still_s),
            _drift(air.dust_ug_m3, dust, past_s / (FILTER_S if filtered else still_s)),
        )


def _drift(value: float, target: float, constants: float) -> float:
    """The value after so many time constants."""
    return target + (value - target) * math.exp(-constants)
