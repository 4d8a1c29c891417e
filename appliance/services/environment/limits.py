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

SCATTER_READINGS = 20
"""Scatter is looked for in so many readings, and is over when none of as many stands out."""
SCATTER_MOST = 3
"""So many that stand out are noise: a door, a switch or a gust makes one, or two."""


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


class ScatterWatch:
    """Whether a sensor has become noisy: readings that stand out of both their neighbours.

    What is measured here rises and falls over many readings. A reading far above, or far below,
    both the one before and the one after it tells of the sensor and not of the cabinet; a step or a
    slope, however steep and however rarely it is read, has no such reading.
    """

    def __init__(self, limits: Limits) -> None:
        self._least = limits.scatter.value if limits.scatter else 0.0
        self._part = limits.scatter_part.value if limits.scatter_part else 0.0
        self._checks = limits.scatter is not None or limits.scatter_part is not None
        self._values: deque[float] = deque(maxlen=3)
        self._stood_out: deque[bool] = deque(maxlen=SCATTER_READINGS)
        self.is_noisy = False

    def feed(self, value: float) -> bool:
        """Whether it is noisy, with this reading; calm again after as many that do not stand out.

        A lost reading is no neighbour: `forget` it.
        """
        if not self._checks:
            return False
        self._values.append(value)
        if len(self._values) == 3:
            before, middle, after = self._values
            apart = min(abs(middle - before), abs(middle - after))
            turns = (middle - before) * (after - middle) < 0
            level = sorted(self._values)[1]
            allowed = max(self._least, self._part * abs(level))
            self._stood_out.append(turns and apart > allowed)
        count = sum(self._stood_out)
        self.is_noisy = count > 0 if self.is_noisy else count >= SCATTER_MOST
        return self.is_noisy

    def forget(self) -> None:
        """A reading is missing: what comes next is compared with nothing before it."""
        self._values.clear()


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
