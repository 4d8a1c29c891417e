"""Straight motion from rest or from speed to rest, with trapezoidal speed.

Lengths are millimetres (a rotary axis counts its degrees as millimetres, as GRBL does),
times are seconds of the injected clock.
"""

import math
from dataclasses import dataclass
from functools import cached_property

Vector = tuple[float, float, float]


def limit_by_axes(unit: Vector, maxima: Vector) -> float:
    """Return the greatest rate along `unit` at which no axis passes its own maximum."""
    return min(top / abs(part) for part, top in zip(unit, maxima, strict=True) if part)


@dataclass(frozen=True)
class Motion:
    """One block under way: from `start` to `end`, entered at `entry_mm_s`, ending at rest."""

    start: Vector
    end: Vector
    began_s: float
    cruise_mm_s: float
    acceleration_mm_s2: float
    entry_mm_s: float = 0.0
    homing: bool = False

    @cached_property
    def distance_mm(self) -> float:
        return math.dist(self.start, self.end)

    @cached_property
    def peak_mm_s(self) -> float:
        """Greatest speed: the cruise speed, or less when the way is short."""
        reachable = self.acceleration_mm_s2 * self.distance_mm + self.entry_mm_s**2 / 2
        return min(max(self.cruise_mm_s, self.entry_mm_s), math.sqrt(reachable))

    @cached_property
    def _phases(self) -> tuple[float, float, float]:
        """Seconds of speeding up, of constant speed, and of slowing down."""
        up_s = max(0.0, (self.peak_mm_s - self.entry_mm_s) / self.acceleration_mm_s2)
        down_s = self.peak_mm_s / self.acceleration_mm_s2
        ramps_mm = up_s * (self.entry_mm_s + self.peak_mm_s) / 2 + down_s * self.peak_mm_s / 2
        steady_mm = max(0.0, self.distance_mm - ramps_mm)
        return up_s, steady_mm / self.peak_mm_s if self.peak_mm_s else 0.0, down_s

    @property
    def end_s(self) -> float:
        return self.began_s + sum(self._phases)

    def speed(self, at_s: float) -> float:
        """Speed along the path in mm/s."""
        up_s, steady_s, down_s = self._phases
        passed_s = at_s - self.began_s
        if passed_s < 0 or passed_s >= up_s + steady_s + down_s:
            return 0.0
        if passed_s < up_s:
            return self.entry_mm_s + self.acceleration_mm_s2 * passed_s
        if passed_s < up_s + steady_s:
            return self.peak_mm_s
        return self.acceleration_mm_s2 * (up_s + steady_s + down_s - passed_s)

    def travelled(self, at_s: float) -> float:
        """Way covered by that time, in mm."""
        up_s, steady_s, down_s = self._phases
        passed_s = min(max(0.0, at_s - self.began_s), up_s + steady_s + down_s)
        in_up_s = min(passed_s, up_s)
        way_mm = in_up_s * (self.entry_mm_s + self.acceleration_mm_s2 * in_up_s / 2)
        way_mm += min(max(0.0, passed_s - up_s), steady_s) * self.peak_mm_s
        in_down_s = max(0.0, passed_s - up_s - steady_s)
        way_mm += in_down_s * (self.peak_mm_s - self.acceleration_mm_s2 * in_down_s / 2)
        return min(way_mm, self.distance_mm)

    def time_at(self, way_mm: float) -> float:
        """Time at which that much of the way is covered; the inverse of `travelled`."""
        low_s, high_s = self.began_s, self.end_s
        for _ in range(60):
            middle_s = (low_s + high_s) / 2
            if self.travelled(middle_s) < way_mm:
                low_s = middle_s
            else:
                high_s = middle_s
        return high_s

    def point(self, way_mm: float) -> Vector:
        """The position after `way_mm` of the way."""
        if self.distance_mm == 0 or way_mm >= self.distance_mm:
            return self.end
        share = way_mm / self.distance_mm
        x, y, z = (a + (b - a) * share for a, b in zip(self.start, self.end, strict=True))
        return (x, y, z)

    def position(self, at_s: float) -> Vector:
        return self.point(self.travelled(at_s))

    def stopping(self, at_s: float) -> "Motion":
        """The motion that slows down to rest from here, as a feed hold does."""
        speed_mm_s = self.speed(at_s)
        way_mm = self.travelled(at_s)
        brake_mm = speed_mm_s**2 / (2 * self.acceleration_mm_s2)
        return Motion(
            start=self.point(way_mm),
            end=self.point(way_mm + brake_mm),
            began_s=at_s,
            cruise_mm_s=speed_mm_s,
            acceleration_mm_s2=self.acceleration_mm_s2,
            entry_mm_s=speed_mm_s,
        )
