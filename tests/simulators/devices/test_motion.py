"""Trapezoidal motion: where a motor is when, and how it stops."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.devices.grbl.motion import Motion, limit_by_axes

LONG = Motion((0, 0, 0), (0, -600, 0), 10.0, cruise_mm_s=150, acceleration_mm_s2=500)

motions = st.builds(
    lambda length, cruise, acceleration: Motion(
        (0, 0, 0), (-length, 0, 0), 0.0, cruise_mm_s=cruise, acceleration_mm_s2=acceleration
    ),
    st.floats(0.01, 1000),
    st.floats(1, 300),
    st.floats(10, 2000),
)


def test_a_long_way_is_two_ramps_and_a_cruise() -> None:
    # 0.3 s and 22.5 mm a ramp, 555 mm at 150 mm/s between them
    assert LONG.end_s == pytest.approx(10 + 0.3 + 555 / 150 + 0.3)
    assert LONG.travelled(10.3) == pytest.approx(22.5)
    assert LONG.speed(12) == 150
    assert LONG.position(99) == (0, -600, 0)


def test_a_short_way_never_reaches_the_cruise() -> None:
    short = Motion((0, 0, 0), (0, -20, 0), 0.0, cruise_mm_s=150, acceleration_mm_s2=500)
    assert short.peak_mm_s == pytest.approx(100)
    assert short.end_s == pytest.approx(0.4)


@given(motions, st.floats(0, 1))
def test_time_and_way_are_each_others_inverse(motion: Motion, share: float) -> None:
    way_mm = motion.distance_mm * share
    assert motion.travelled(motion.time_at(way_mm)) == pytest.approx(way_mm, abs=1e-6)


@given(motions, st.floats(0, 1))
def test_braking_ends_at_rest_before_the_end(motion: Motion, share: float) -> None:
    brake_s = motion.end_s * share
    stopping = motion.stopping(brake_s)
    assert math.dist(stopping.start, motion.position(brake_s)) < 1e-6
    assert -stopping.end[0] <= motion.distance_mm + 1e-9
    assert stopping.end_s <= motion.end_s + 1e-6


def test_no_axis_passes_its_own_rate() -> None:
    unit = (0.6, 0.8, 0.0)
    assert limit_by_axes(unit, (120, 150, 100)) == pytest.approx(187.5)
