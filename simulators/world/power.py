"""Electric power: the sum of what is on.

Devices tell what they draw while they draw it (`set`), under a name of their own; it is
not saved, as nothing draws power while the simulation is not running.
"""

from collections.abc import Callable

BASE_W = 18.0
"""Computer, controllers and sensors."""
ROBOT_W = 45.0
"""A robot whose axes move."""
DRIVE_IDLE_W = 2.0
DRIVE_READ_W = 12.0
"""A disc spins in the drive."""
DRIVE_BURN_W = 24.0
DISK_START_W = 25.0
"""A disk that spins up."""
DISK_ON_W = 7.0
FAN_W = 6.0
TAPE_DRIVE_W = 12.0
"""Idle; that it draws more while it writes is not modelled."""
PRINTER_W = 9.0
LIGHT_W = 0.05
SUPPLY_V = 12.0
BATTERY_V = 11.4
"""The rail's voltage while the mains are lost."""


class Power:
    """What the cabinet draws from its 12 V rail."""

    def __init__(self, steady_w: Callable[[], float], mains_lost: Callable[[], bool]) -> None:
        self._steady_w = steady_w
        self._mains_lost = mains_lost
        self._loads_w: dict[str, float] = {}

    def set(self, load: str, watts: float) -> None:
        """Say what a device draws from now on: ``robot``, ``n03.robot``, ``n03.d2``."""
        self._loads_w[load] = watts

    def get(self, load: str) -> float:
        """What a device draws, 0 when it never said."""
        return self._loads_w.get(load, 0.0)

    @property
    def watts(self) -> float:
        return BASE_W + self._steady_w() + sum(self._loads_w.values())

    @property
    def volts(self) -> float:
        return BATTERY_V if self._mains_lost() else SUPPLY_V

    @property
    def amperes(self) -> float:
        return self.watts / self.volts
