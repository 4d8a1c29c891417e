"""Noticing that what one waits for has nobody who does it, or does not go on."""

from time import monotonic

from msgspec import Struct

from appliance.contract.errors import SteleError
from console.client.client import Client

PATIENCE_S = 20.0
"""A worker that crashed is started again sooner than this."""
_ASK_EVERY_S = 2.0
_NOT_ALLOWED = (4074, 4075)


class _Standing(Struct):
    worker_running: bool


class WorkerWatch:
    """Asks a console now and then whether its worker is there."""

    def __init__(self, client: Client, wait_s: float | None = None) -> None:
        self._client = client
        self._wait_s = wait_s
        self._last_alive_s = self._last_progress_s = monotonic()
        self._asked_s = float("-inf")
        self._seen: object = None

    def check(self, now_at: object) -> None:
        """`now_at` is how far the work has come, in any form that differs when it goes on.

        Raises:
            SteleError: 5410 no worker for 20 s; 5411 nothing went on for `wait_s`.
        """
        now_s = monotonic()
        if now_at != self._seen:
            self._seen, self._last_progress_s = now_at, now_s
        if now_s - self._asked_s > _ASK_EVERY_S:
            self._asked_s = now_s
            if self._is_there():
                self._last_alive_s = now_s
        if now_s - self._last_alive_s > PATIENCE_S:
            raise SteleError(5410, f"no worker is running at {self._client.where}")
        if self._wait_s is not None and now_s - self._last_progress_s > self._wait_s:
            raise SteleError(5411, f"nothing went on for {self._wait_s:g} s")

    def _is_there(self) -> bool:
        try:
            return self._client.ask("GET", "/status", _Standing).worker_running
        except SteleError as error:
            if error.code in _NOT_ALLOWED:  # A token that may not know it waits.
                return True
            raise
