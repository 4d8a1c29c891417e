"""Work that is done again and again, whatever becomes of one round."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.contract.errors import info_of
from appliance.contract.messages import ErrorInfo
from console.dispatch.alarms import CONSOLE, Alarm, clear_alarm, raise_alarm
from console.store import schema

log = logging.getLogger(__name__)

_PREFIX, _MARK = "worker-", " @"

FAILURES_TOLERATED = 2
"""In a row: a fault that passes is for the log alone."""


@dataclass(slots=True)
class Rounds:
    """One piece of work and how its last rounds went. `what` names it in the log and the alarm."""

    what: str
    pause_s: float
    work: Callable[[], Awaitable[None]]
    failures: int = 0
    """Rounds that failed since the last good one."""
    fault: ErrorInfo | None = None

    async def run(self) -> None:
        """Go round until cancelled. A fault in one round is logged; the next round goes on."""
        while True:
            try:
                await self.work()
            except Exception as error:
                self.failures += 1
                self.fault = info_of(error)
                log.exception("[%d] %s failed", self.fault.code, self.what)
            else:
                self.failures = 0
            await asyncio.sleep(self.pause_s)

    def keep_alarm(
        self, connection: sa.Connection, now: datetime, worker: str = "worker", mark: str = ""
    ) -> None:
        """Have an alarm while round after round fails, and none otherwise.

        `worker` is the name of its log, `mark` tells it from all other workers.
        """
        alarm_id = f"{_PREFIX}{self.what}{_MARK}{mark}" if mark else f"{_PREFIX}{self.what}"
        if self.fault is None or self.failures <= FAILURES_TOLERATED:
            clear_alarm(connection, alarm_id, now)
            return
        text = f"{self.what} fails again and again: {self.fault.message}; see logs/{worker}.log"
        raise_alarm(connection, Alarm(alarm_id, "worker", self.fault.code, text), now)


def clear_others(connection: sa.Connection, marks: Collection[str], now: datetime) -> None:
    """Clear the alarms of workers that are no more: none of the `marks` of those at work."""
    alarms = schema.alarms.c
    query = sa.select(alarms.alarm_id).where(
        alarms.appliance == CONSOLE,
        alarms.cleared_at.is_(None),
        alarms.alarm_id.startswith(_PREFIX, autoescape=True),
    )
    for alarm_id in connection.scalars(query).all():
        _, is_marked, mark = alarm_id.rpartition(_MARK)
        if is_marked and mark not in marks:
            clear_alarm(connection, alarm_id, now)
