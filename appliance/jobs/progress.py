"""How far a job is, and how long it will still take.

A job's work is parts in order (burn, verify …), each a number of bytes, or of things to be looked
at, of which no speed in bytes is told. The speed is measured over
the last half minute of the part under way. What later parts will need is reckoned with the speed
that such parts had lately in this appliance; before any is known the present speed stands for it.
While a job waits, nothing is promised.
"""

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from appliance.jobs.steps import Step

_WINDOW_S = 30.0
_COUNTED_WINDOW_S = 1800.0  # what is counted comes one by one, minutes apart
_LEAST_S = 1.0
_SAMPLE_S = 0.5
_NEW_SHARE = 0.5
_TELLING_BYTES = 64 << 20  # below this, spin-up and latency say more than the drive's speed


class Pace:
    """The speeds that steps had lately, shared by all jobs of an appliance."""

    def __init__(self) -> None:
        self._bytes_per_s: dict[Step, float] = {}

    def learn(self, step: Step, bytes_per_s: float) -> None:
        before = self._bytes_per_s.get(step, bytes_per_s)
        self._bytes_per_s[step] = before + _NEW_SHARE * (bytes_per_s - before)

    def of(self, step: Step) -> float | None:
        return self._bytes_per_s.get(step)


class Picture(Struct, frozen=True):
    """What an operator sees beside the bar. Bytes and speed are of the part under way."""

    fraction: float | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    speed_bytes_per_s: float | None = None
    seconds_left: float | None = None


class Progress:
    """One job's. `clock` is the event loop's, in seconds."""

    def __init__(self, pace: Pace, clock: Callable[[], float]) -> None:
        self._pace = pace
        self._clock = clock
        self._parts: dict[Step, int] = {}
        self._done: dict[Step, int] = {}
        self._part: Step | None = None
        self._samples: deque[tuple[float, int]] = deque()
        self._in_bytes = True

    def plan(self, parts: dict[Step, int], *, in_bytes: bool = True) -> None:
        """Say what the work is, in order; nothing of it is done."""
        self._parts = parts
        self._in_bytes = in_bytes
        self._done = dict.fromkeys(parts, 0)
        self._part = None

    def begin(self, step: Step, done: int = 0) -> None:
        """A part begins, or begins again; the parts before it are complete."""
        for part, total in self._parts.items():
            if part is step:
                break
            self._done[part] = total
        self._done[step] = done
        self._part = step
        self._samples.clear()
        self.advance(done)

    def advance(self, done: int) -> None:
        """So many bytes of the part under way, or things, are done."""
        if self._part is None:
            return
        self._done[self._part] = done
        now = self._clock()
        if len(self._samples) > 1 and now - self._samples[-2][0] < _SAMPLE_S:
            self._samples[-1] = (now, done)
        else:
            self._samples.append((now, done))
        window_s = _WINDOW_S if self._in_bytes else _COUNTED_WINDOW_S
        while len(self._samples) > 2 and now - self._samples[1][0] >= window_s:
            self._samples.popleft()

    def complete(self) -> None:
        """The part under way is done; its speed is remembered."""
        if self._part is None:
            return
        speed = self._speed()
        if speed and self._parts.get(self._part, 0) >= _TELLING_BYTES:
            self._pace.learn(self._part, speed)
        self._done[self._part] = self._parts.get(self._part, 0)
        self._part = None

    def picture(self, *, waiting: bool) -> Picture:
        total = sum(self._parts.values())
        if not total:
            return Picture()
        fraction = min(1.0, sum(self._done.values()) / total)
        if self._part is None:
            return Picture(fraction=fraction)
        speed = self._speed()
        seconds_left = None if waiting else self._seconds_left(speed)
        if not self._in_bytes:
            return Picture(fraction=fraction, seconds_left=seconds_left)
        return Picture(
            fraction=fraction,
            bytes_done=self._done[self._part],
            bytes_total=self._parts[self._part],
            speed_bytes_per_s=speed,
            seconds_left=seconds_left,
        )

    def _speed(self) -> float | None:
        if len(self._samples) < 2:
            return None
        (began, before), (now, done) = self._samples[0], self._samples[-1]
        return max(0.0, (done - before) / (now - began)) if now - began >= _LEAST_S else None

    def _seconds_left(self, speed: float | None) -> float | None:
        if not speed or self._part is None:
            return None
        left_s = 0.0
        for part, total in self._parts.items():
            pace = speed if part is self._part else self._pace.of(part) or speed
            left_s += (total - self._done[part]) / pace
        if not self._in_bytes and self._samples:  # the next thing to be counted is under way
            left_s -= self._clock() - self._samples[-1][0]
        return max(0.0, left_s)
