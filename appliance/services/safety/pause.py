"""All work stopped in order while there is a reason, and begun again when there is none."""

import asyncio
import logging
from typing import Protocol

from appliance.services.gates import Gates
from appliance.services.power.disks import DiskPower

log = logging.getLogger(__name__)

REST_S = 120.0
"""A job that has not come to rest by then is left to the closed gates."""


class Jobs(Protocol):
    """What of the job engine a pause needs."""

    async def suspend(self, reason: str) -> None: ...

    def resume(self) -> None: ...


class WorkPause:
    """Follows the gate of all work. `run` never returns; cancel it to end."""

    def __init__(self, gates: Gates, jobs: Jobs, disks: DiskPower | None = None) -> None:
        self._gates = gates
        self._jobs = jobs
        self._disks = disks
        self.at_rest = asyncio.Event()
        """Set while everything is stopped and switched off."""

    async def run(self) -> None:
        while True:
            await self._gates.work.closed()
            resting = await self._stop(self._gates.work.reasons[0])
            await self._gates.work.passed()
            await resting
            self._go_on()

    async def _stop(self, reason: str) -> asyncio.Task[None]:
        """Jobs to rest, then nothing moves, then the disks off; the task ends with the jobs."""
        log.warning("all work stops: %s", reason)
        resting = asyncio.create_task(self._jobs.suspend(reason), name="suspend")
        try:
            done, _ = await asyncio.wait({resting}, timeout=REST_S)
        except asyncio.CancelledError:
            resting.cancel()
            raise
        if not done:
            log.warning("a job has not come to rest within %s s", REST_S)
        self._gates.interlock.gate.close(reason)
        self._reason = reason
        if self._disks is not None and (on := await self._disks.all_off()):
            log.warning("these disks stay on: %s", ", ".join(on))
        self.at_rest.set()
        return resting

    def _go_on(self) -> None:
        log.warning("work goes on")
        self.at_rest.clear()
        self._gates.interlock.gate.open(self._reason)
        self._jobs.resume()

    _reason = ""
