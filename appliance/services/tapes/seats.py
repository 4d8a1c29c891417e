"""Who has which tape drive: first come, first served."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import DriveState
from appliance.services.alarms import Alarms
from hal.interfaces.tape import TapeDrive

NO_DRIVE = 2203


@dataclass(slots=True)
class TapeSeat:
    """One drive and the job that has it."""

    name: str
    drive: TapeDrive
    state: DriveState = DriveState.EMPTY
    job_id: str | None = None
    fault: ErrorInfo | None = None


class TapeSeats:
    """The tape drives, each with at most one job."""

    def __init__(
        self, drives: Mapping[str, TapeDrive], alarms: Alarms, changed: Callable[[], None]
    ) -> None:
        self._seats = {name: TapeSeat(name, drive) for name, drive in drives.items()}
        self._waiting: list[asyncio.Event] = []
        self._alarms = alarms
        self._changed = changed

    def __iter__(self) -> Iterator[TapeSeat]:
        return iter(self._seats.values())

    def get(self, name: str) -> TapeSeat:
        return self._seats[name]

    def of_job(self, job_id: str) -> TapeSeat | None:
        return next((seat for seat in self if seat.job_id == job_id), None)

    def has_other(self, avoid: frozenset[str]) -> bool:
        """Whether any drive but those to avoid could be used, now or later."""
        return any(seat.fault is None and seat.name not in avoid for seat in self)

    async def acquire(self, job_id: str, avoid: frozenset[str]) -> TapeSeat:
        """Wait for a drive; one to avoid is taken when no other is in service.

        Raises:
            SteleError: 2203 no drive is in service.
        """
        if not self.has_other(avoid):
            avoid = frozenset()
        turn = asyncio.Event()
        self._waiting.append(turn)
        try:
            while True:
                if not self.has_other(frozenset()):
                    raise SteleError(NO_DRIVE, "no tape drive is in service")
                seat = self._free(avoid) if self._waiting[0] is turn else None
                if seat is not None:
                    seat.job_id = job_id
                    self._changed()
                    return seat
                turn.clear()
                await turn.wait()
        finally:
            self._waiting.remove(turn)
            self._call()

    def release(self, seat: TapeSeat) -> None:
        """Give a drive back. It must be empty, or out of service."""
        seat.job_id = None
        if seat.fault is None:
            seat.state = DriveState.EMPTY
        self._call()
        self._changed()

    def suspend(self, seat: TapeSeat, error: ErrorInfo) -> None:
        """Take a drive out of service, with an alarm."""
        seat.fault = error
        seat.state = DriveState.UNAVAILABLE
        self._alarms.sound(f"drive:{seat.name}", error)
        self._call()
        self._changed()

    def readmit(self, seat: TapeSeat) -> None:
        """Put a drive back into service."""
        if seat.fault is not None:
            seat.fault = None
            seat.state = DriveState.EMPTY
            self._alarms.clear(f"drive:{seat.name}")
            self._call()

    def _free(self, avoid: frozenset[str]) -> TapeSeat | None:
        free = (s for s in self if s.job_id is None and s.fault is None and s.name not in avoid)
        return next(free, None)

    def _call(self) -> None:
        for turn in self._waiting:
            turn.set()
