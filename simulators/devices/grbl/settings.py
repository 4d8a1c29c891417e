"""GRBL's `$` settings: their values, how they print and what they refuse.

The defaults are those of the rack library's controller, restated from its description.
"""

from simulators.devices.grbl.motion import Vector

INTEGERS = frozenset((0, 1, 2, 3, 4, 5, 6, 10, 13, 20, 21, 22, 23, 26, 30, 31, 32))
FLAGS = frozenset((4, 5, 6, 13, 20, 21, 22, 32))
COMMON = {
    0: 10.0, 1: 255.0, 2: 0.0, 3: 0.0, 4: 0.0, 5: 0.0, 6: 0.0, 10: 3.0, 11: 0.01, 12: 0.002,
    13: 0.0, 20: 1.0, 21: 1.0, 22: 1.0, 23: 0.0, 24: 300.0, 25: 3000.0, 26: 250.0, 27: 1.0,
    30: 1000.0, 31: 0.0, 32: 0.0,
}  # fmt: skip

OK = 0
INVALID_STATEMENT = 3
NEGATIVE_VALUE = 4
STEP_PULSE_TOO_SHORT = 6
SOFT_LIMITS_NEED_HOMING = 10


class Settings:
    """The controller's EEPROM. Rates are mm/min, accelerations mm/s², travels mm."""

    def __init__(self, rate: Vector, acceleration: Vector, travel: Vector) -> None:
        self.values = dict(COMMON)
        for axis in range(3):
            self.values[100 + axis] = 250.0
            self.values[110 + axis] = rate[axis]
            self.values[120 + axis] = acceleration[axis]
            self.values[130 + axis] = travel[axis]

    def _vector(self, first: int) -> Vector:
        return (self.values[first], self.values[first + 1], self.values[first + 2])

    @property
    def rate_mm_min(self) -> Vector:
        return self._vector(110)

    @property
    def acceleration_mm_s2(self) -> Vector:
        return self._vector(120)

    @property
    def travel_mm(self) -> Vector:
        return self._vector(130)

    def flag(self, number: int) -> bool:
        return bool(self.values[number])

    def outside(self, target: Vector) -> bool:
        """Whether a target lies beyond the travel, which runs from 0 to minus `$130`…`$132`."""
        return any(
            value > 0 or value < -travel
            for value, travel in zip(target, self.travel_mm, strict=True)
        )

    def store(self, number: int, value: float) -> int:
        """Store one setting; return GRBL's status code, 0 when stored."""
        if value < 0:
            return NEGATIVE_VALUE
        if number not in self.values:
            return INVALID_STATEMENT
        if number == 0 and value < 3:
            return STEP_PULSE_TOO_SHORT
        if number == 20 and value and not self.flag(22):
            return SOFT_LIMITS_NEED_HOMING
        if number == 22 and not value:
            self.values[20] = 0.0
        if number in FLAGS:
            value = float(bool(value))
        self.values[number] = float(int(value)) if number in INTEGERS else value
        return OK

    def lines(self) -> list[str]:
        """The answer to `$$`."""
        return [
            f"${number}={value:.0f}" if number in INTEGERS else f"${number}={value:.3f}"
            for number, value in sorted(self.values.items())
        ]
