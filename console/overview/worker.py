"""Whether the console's worker is at work on this data folder."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from appliance.contract.errors import SteleError
from console.processes import workers_here

PATIENCE_S = 20.0
"""A worker that crashed is started again sooner than this."""


def worker_is_running(data: Path) -> bool:
    """Whether a process whose id a worker left is alive. Same machine only."""
    return workers_here(data) > 0


@dataclass
class WorkerWatch:
    """Raises when the work that one waits for has nobody who does it, or does not go on."""

    data: Path
    wait_s: float | None = None
    _last_alive: float = field(default_factory=monotonic)
    _last_progress: float = field(default_factory=monotonic)
    _seen: object = None

    def check(self, now_at: object) -> None:
        """`now_at` is how far the work has come, in any form that differs when it goes on.

        Raises:
            SteleError: 5410 no worker for 20 s; 5411 nothing went on for `wait_s`.
        """
        now = monotonic()
        if now_at != self._seen:
            self._seen, self._last_progress = now_at, now
        if worker_is_running(self.data):
            self._last_alive = now
        elif now - self._last_alive > PATIENCE_S:
            raise SteleError(5410, f"no worker is running on {self.data}")
        if self.wait_s is not None and now - self._last_progress > self.wait_s:
            raise SteleError(5411, f"nothing went on for {self.wait_s:g} s")
