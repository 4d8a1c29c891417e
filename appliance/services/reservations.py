"""Which job has which medium. Media are given out whole, to one job at a time, first come."""

import asyncio
from collections import deque


class Reservations:
    """Kept in memory only: after a restart the unfinished jobs take their media again."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}
        self._waiting: dict[str, deque[tuple[str, asyncio.Future[None]]]] = {}

    def holder(self, medium_id: str) -> str | None:
        return self._holders.get(medium_id)

    def held(self) -> list[str]:
        """Every medium that a job has or waits for, once for each such job."""
        waiting = (m for m, line in self._waiting.items() for _ in line)
        return [*self._holders, *waiting]

    def next_in_line(self, medium_id: str) -> str | None:
        """The job that has waited longest for this medium."""
        waiting = self._waiting.get(medium_id)
        return waiting[0][0] if waiting else None

    def adopt(self, medium_id: str, job_id: str) -> None:
        """Have a medium that nobody has."""
        self._holders.setdefault(medium_id, job_id)

    async def take(self, medium_id: str, job_id: str) -> None:
        """Have the medium when this returns; it may be had already."""
        if self._holders.setdefault(medium_id, job_id) == job_id:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (job_id, turn)
        self._waiting.setdefault(medium_id, deque()).append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.drop(medium_id, job_id)
            else:
                self._waiting[medium_id].remove(entry)
            raise

    def drop(self, medium_id: str, job_id: str) -> None:
        """Give the medium to the next in line; does nothing when this job does not have it."""
        if self._holders.get(medium_id) != job_id:
            return
        del self._holders[medium_id]
        waiting = self._waiting.get(medium_id)
        if waiting:
            next_job, turn = waiting.popleft()
            self._holders[medium_id] = next_job
            turn.set_result(None)
