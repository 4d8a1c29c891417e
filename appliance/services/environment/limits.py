"""What a series of readings means: in or out of the limits, changing too fast, stuck. Pure.

Times are monotonic seconds; values are whatever the sensor says.
"""

import math
from collections import deque

from appliance.contract.states import ReadingState
from appliance.services.environment.policy import Limits

DAY_S = 86_400.0
DRIFT_STEP_S = 300.0
"""The rate of change looks at means over so long, so that noise is no change."""


class RangeWatch:
    """Good, low or high: with a hysteresis, and only after the hold time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = ReadingState.GOOD
        self._candidate = ReadingState.GOOD
        self._since_s = 0.0

    @property
    def checks(self) -> bool:
        return self._limits.low is not None or self._limits.high is not None

    @property
    def is_outside(self) -> bool:
        """Whether it was low or high with the last reading."""
        return self._state is not ReadingState.GOOD

    def feed(self, now_s: float, value: float) -> ReadingState:
        """The state with this reading; unknown when there are no limits."""
        if not self.checks:
            return ReadingState.UNKNOWN
        found = self._judge(value)
        if found is self._state:
            self._candidate = found
            return self._state
        if found is not self._candidate:
            self._candidate, self._since_s = found, now_s
        good = found is ReadingState.GOOD
        wait_s = (self._limits.return_s if good else self._limits.hold_s).value
        if now_s - self._since_s >= wait_s:
            self._state = found
        return self._state

    def _judge(self, value: float) -> ReadingState:
        limits, margin = self._limits, self._limits.hysteresis.value
        if limits.high is not None:
            was_high = self._state is ReadingState.HIGH
            if value > limits.high.value - (margin if was_high else 0.0):
                return ReadingState.HIGH
        if limits.low is not None:
            was_low = self._state is ReadingState.LOW
            if value < limits.low.value + (margin if was_low else 0.0):
                return ReadingState.LOW
        return ReadingState.GOOD


class DriftWatch:
    """The difference between the largest and the smallest mean within the last 24 hours."""

    def __init__(self) -> None:
        self._means: deque[tuple[float, float]] = deque()
        self._step = -1.0
        self._sum = 0.0
        self._count = 0
        self._known: tuple[float, float] | None = None

    def seed(self, at_s: float, mean: float) -> None:
        """A mean from before the start; oldest first, and before any reading."""
        self._means.append((at_s, mean))
        self._known = None

    def feed(self, now_s: float, value: float) -> float:
        """The change within 24 hours, with this reading."""
        step = now_s // DRIFT_STEP_S
        if step != self._step:
            self._finish(now_s)
            self._step, self._sum, self._count = step, 0.0, 0
        self._sum += value
        self._count += 1
        return self._spread(now_s)

    def _finish(self, now_s: float) -> None:
        if self._count:
            self._means.append((now_s, self._sum / self._count))
            self._known = None

    def _spread(self, now_s: float) -> float:
        while self._means and self._means[0][0] < now_s - DAY_S:
            self._means.popleft()
            self._known = None
        if self._known is None:
            means = [mean for _, mean in self._means]
            self._known = (min(means, default=math.inf), max(means, default=-math.inf))
        low, high = self._known
        return max(0.0, high - low)


class StuckWatch:
    """How long a sensor has been saying the same, to the last digit."""

    def __init__(self) -> None:
        self._last: tuple[float, ...] | None = None
        self._since_s = 0.0

    def feed(self, now_s: float, reading: tuple[float, ...]) -> float:
        """For how many seconds all of the sensor's values have been what they are."""
        if reading != self._last:
            self._last, self._since_s = reading, now_s
        return now_s - self._since_s
