"""Event loops whose clock is not the wall's: scaled for a process, virtual for tests.

All waits of the firmware and the simulators go through the running loop
(`asyncio.sleep`, `asyncio.timeout`, `loop.time`, `loop.call_at`), so that choosing
the loop chooses the time:

- `ScaledEventLoop(speed)`: `time()` runs `speed` times faster than the wall clock, and
  the speed may be changed; for a simulated cabinet as a process of its own.
- `VirtualEventLoop()`: when nothing is ready, the clock jumps to the next timer;
  for tests, where years pass in seconds and every run is the same run.

In a test, either wrap the story in `run_virtual`::

    def test_a_day_passes() -> None:
        async def story() -> float:
            await asyncio.sleep(86_400)
            return asyncio.get_running_loop().time()
        assert run_virtual(story()) == 86_400

or, for several steps in one loop (fixtures, a crash and a restart), `virtual_runner`::

    with virtual_runner() as runner:
        runner.run(first_part())
        runner.run(second_part())

Such tests are plain functions: pytest-asyncio would bring its own, real loop.
"""

import asyncio
import math
import selectors
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")

DAY_S = 86_400.0
THREAD_PATIENCE_S = 10.0
"""Real seconds that a virtual loop with nothing to do waits for another thread to call in."""


class DeadlockError(RuntimeError):
    """A virtual loop has nothing ready, no timer and no file descriptor: it would wait forever."""


class TimeLimitError(RuntimeError):
    """A virtual loop's next timer lies beyond the time that it was allowed."""


class _Selector(selectors.BaseSelector):
    """A real selector that lets its loop decide how long, in real seconds, to wait."""

    def __init__(self, select: Callable[[float | None], list[Any]]) -> None:
        self.real = selectors.DefaultSelector()
        self._select = select

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._select(timeout)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self.real.get_map()

    def close(self) -> None:
        self.real.close()


def check_speed(speed: float) -> float:
    """The speed, if a clock can run at it.

    Raises:
        ValueError: it is not a number above 0.
    """
    if not 0 < speed < math.inf:
        raise ValueError(f"the speed must be above 0, not {speed:g}")
    return speed


class ScaledEventLoop(asyncio.SelectorEventLoop):
    """A loop whose `time()` runs `speed` times faster than the wall clock.

    Only waiting is scaled: computing takes the time that it takes, so a very high
    speed makes the simulated machine look slow to itself, never wrong.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._since_s = time.monotonic()
        self._time_then_s = 0.0
        self._gate = _Selector(self._wait)
        super().__init__(self._gate)
        try:
            check_speed(speed)
        except ValueError:
            self.close()
            raise

    @property
    def speed(self) -> float:
        """Simulated seconds a second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Run faster or slower from now on; `time()` neither jumps nor goes back.

        Call it on the loop's own thread. Raises ValueError as `check_speed`.
        """
        check_speed(speed)
        wall_s = time.monotonic()
        self._time_then_s += (wall_s - self._since_s) * self._speed
        self._since_s, self._speed = wall_s, speed

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._time_then_s + (time.monotonic() - self._since_s) * self._speed

    def _wait(self, timeout: float | None) -> list[Any]:
        return self._gate.real.select(None if timeout is None else timeout / self._speed)


class VirtualEventLoop(asyncio.SelectorEventLoop):
    """A loop that jumps to its next timer as soon as nothing is ready.

    - `run_in_executor` (and so `asyncio.to_thread`) runs the function inline, on the
      loop's own thread: deterministic, but the function must not wait for the loop.
    - Real file descriptors are polled before each jump and waited for when there is
      no timer. What arrives on them from outside costs no simulated time.
    - `call_soon_threadsafe` from a real thread works. While other threads live, an idle
      loop gives them `THREAD_PATIENCE_S` real seconds.
    - With nothing left that could ever wake it, the loop raises `DeadlockError`
      instead of hanging. Heartbeats and other periodic timers hide that; the loop
      raises `TimeLimitError` rather than jump past `limit_s`.
    """

    def __init__(self, limit_s: float = math.inf) -> None:
        self.limit_s = limit_s
        self._now_s = 0.0
        self._gate = _Selector(self._wait)
        super().__init__(self._gate)
        # A timer is due at less than now + resolution; asyncio's own nanosecond vanishes beside
        # months of simulated seconds in a float, and the loop would spin.
        self._clock_resolution = 1e-6
        self._own_fds = len(self._gate.get_map())

    def time(self) -> float:
        """Simulated seconds; stands still while callbacks run."""
        return self._now_s

    def _wait(self, timeout: float | None) -> list[Any]:
        events = self._gate.real.select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if timeout is not None:
            if self._now_s + timeout > self.limit_s:
                raise TimeLimitError(f"{self.limit_s} s are over. {self._waiting_tasks()}")
            self._now_s += timeout
            return events
        if len(self._gate.get_map()) > self._own_fds:
            return self._gate.real.select(None)
        if threading.active_count() > 1:
            events = self._gate.real.select(THREAD_PATIENCE_S)
        if not events:
            raise DeadlockError(f"nothing can wake this loop. {self._waiting_tasks()}")
        return events

    def _waiting_tasks(self) -> str:
        waiting = "; ".join(sorted(repr(task) for task in asyncio.all_tasks(self)))
        return f"At {self._now_s} s these wait: {waiting or 'no task'}"

    def run_in_executor(
        self, executor: Any, func: Callable[[*Args], T], *args: *Args
    ) -> asyncio.Future[T]:
        """Run `func(*args)` now, on this thread; `executor` is ignored."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # an executor hands every error to its future
            future.set_exception(error)
        return future


def virtual_runner(limit_s: float = math.inf) -> asyncio.Runner:
    """Return an `asyncio.Runner` over a fresh `VirtualEventLoop`, for use in a `with`."""
    return asyncio.Runner(loop_factory=lambda: VirtualEventLoop(limit_s))


def run_virtual(story: Coroutine[Any, Any, T], limit_s: float = 30 * DAY_S) -> T:
    """Run a coroutine in a fresh virtual loop and return its result.

    Raises:
        DeadlockError: the story waits for what can never come.
        TimeLimitError: it still waits after `limit_s` simulated seconds.
    """
    with virtual_runner(limit_s) as runner:
        return runner.run(story)
