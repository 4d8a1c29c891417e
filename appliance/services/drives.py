"""Who gets which drive.

The policy, whole, for each unit by itself, because a disc stays in its unit: a free drive goes at
once to whoever may use it, so nobody waits while a drive is free. When none is free, readers
(verify, fetch) and writers (burn) wait in two queues, each first come, first served. A drive that
falls free goes to a reader and to a writer in turn, or to whichever of the two is there. So a fetch
waits for at most one burn to get a drive before it, not for the whole queue, and neither queue can
starve the other. Among several free drives the one that was idle longest is taken, which wears them
evenly.

A drive that fails several times running with media that other drives handle is taken out of
service, with an alarm, until somebody cleans it and takes an inventory or starts the firmware anew.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import DriveState
from appliance.services.alarms import Alarms
from hal.interfaces.optical_drive import OpticalDrive

FAILURES_MAX = 3
"""Failures in a row, each disproved by another drive, before a drive is out of service."""


class Use(StrEnum):
    """What a job wants a drive for."""

    READ = "read"
    WRITE = "write"


@dataclass(slots=True)
class Seat:
    """One drive and who has it. `fraction` and `speed_bytes_per_s` are of the act under way."""

    name: str
    drive: OpticalDrive
    unit: str = ""
    state: DriveState = DriveState.EMPTY
    job_id: str | None = None
    fault: ErrorInfo | None = None
    failures: int = 0
    fraction: float | None = None
    speed_bytes_per_s: float | None = None
    freed: int = 0


def _future() -> asyncio.Future[Seat]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class _Wish:
    job_id: str
    use: Use
    avoid: frozenset[str]
    unit: str
    seat: asyncio.Future[Seat] = field(default_factory=_future)


class Drives:
    """The appliance's drives, each with at most one job."""

    def __init__(
        self,
        units: Mapping[str, Mapping[str, OpticalDrive]],
        alarms: Alarms,
        changed: Callable[[], None],
    ) -> None:
        """`units` has the drives of each unit by their names, which are unique in the appliance."""
        self._seats = {
            name: Seat(name, drive, unit)
            for unit, drives in units.items()
            for name, drive in drives.items()
        }
        self._wishes: list[_Wish] = []
        self._last_use = dict.fromkeys(units, Use.WRITE)
        self._frees = 0
        self._alarms = alarms
        self._changed = changed

    def __iter__(self) -> Iterator[Seat]:
        return iter(self._seats.values())

    def seat(self, name: str) -> Seat:
        return self._seats[name]

    def of_job(self, job_id: str) -> Seat | None:
        return next((seat for seat in self if seat.job_id == job_id), None)

    def of_unit(self, unit: str) -> list[Seat]:
        return [seat for seat in self if seat.unit == unit]

    def in_service(self, unit: str, avoid: frozenset[str] = frozenset()) -> bool:
        """Whether any drive of the unit but those to avoid could be used, now or later."""
        return any(
            seat.unit == unit and seat.fault is None and seat.name not in avoid for seat in self
        )

    async def acquire(
        self, job_id: str, use: Use, avoid: frozenset[str] = frozenset(), unit: str = ""
    ) -> Seat:
        """Wait for a drive of the unit by the policy above.

        Raises:
            SteleError: 2203 no drive in service but those to avoid; or what `turn_away` was told.
        """
        wish = _Wish(job_id, use, avoid, unit)
        self._wishes.append(wish)
        try:
            self._grant()
            return await wish.seat
        except asyncio.CancelledError:
            if wish.seat.done() and not wish.seat.cancelled() and not wish.seat.exception():
                self.release(wish.seat.result())
            raise
        finally:
            if wish in self._wishes:
                self._wishes.remove(wish)

    def waiting(self, unit: str) -> int:
        """How many jobs wait for a drive of the unit."""
        return sum(wish.unit == unit for wish in self._wishes)

    def turn_away(self, unit: str, use: Use, error: ErrorInfo) -> None:
        """Tell those who wait for a drive of a unit that does not work why they get none."""
        for wish in [w for w in self._wishes if w.unit == unit and w.use is use]:
            self._wishes.remove(wish)
            wish.seat.set_exception(SteleError(error.code, error.message, error.detail))

    def claim(self, name: str, job_id: str) -> Seat:
        """Give a drive to the job whose medium was found in it. It must be free."""
        seat = self._seats[name]
        if seat.job_id not in (None, job_id):
            raise ValueError(f"drive {name} belongs to {seat.job_id}")
        seat.job_id = job_id
        return seat

    def pass_on(self, seat: Seat, job_id: str) -> None:
        """Give a drive with the medium in it to the next job that wants this medium."""
        seat.job_id = job_id
        self._changed()

    def release(self, seat: Seat) -> None:
        """Give a drive back. It must be empty, or out of service."""
        self._frees += 1
        seat.job_id = None
        seat.freed = self._frees
        seat.fraction = seat.speed_bytes_per_s = None
        self._grant()
        self._changed()

    def blame(self, seat: Seat, reason: str) -> None:
        """Another drive did what this one could not."""
        seat.failures += 1
        if seat.failures >= FAILURES_MAX and seat.fault is None:
            message = f"drive {seat.name} failed {seat.failures} times where others did not"
            self.suspend(seat, ErrorInfo(2204, message, reason))

    def praise(self, seat: Seat) -> None:
        seat.failures = 0

    def suspend(self, seat: Seat, error: ErrorInfo) -> None:
        """Take a drive out of service, with an alarm; who waits for it alone is told."""
        seat.fault = error
        seat.state = DriveState.UNAVAILABLE
        self._alarms.sound(f"drive:{seat.name}", error)
        self._grant()
        self._changed()

    def readmit(self, seat: Seat) -> None:
        """Put a drive back into service."""
        seat.fault = None
        seat.failures = 0
        seat.state = DriveState.EMPTY
        self._alarms.clear(f"drive:{seat.name}")
        self._grant()
        self._changed()

    def _grant(self) -> None:
        free = [seat for seat in self if seat.job_id is None and seat.fault is None]
        for seat in sorted(free, key=lambda seat: seat.freed):
            wish = self._next_for(seat)
            if wish is not None:
                self._wishes.remove(wish)
                self._last_use[seat.unit] = wish.use
                seat.job_id = wish.job_id
                wish.seat.set_result(seat)
        for wish in list(self._wishes):
            if not self.in_service(wish.unit, wish.avoid):
                self._wishes.remove(wish)
                wish.seat.set_exception(SteleError(2203, "no drive is in service for this job"))

    def _next_for(self, seat: Seat) -> _Wish | None:
        able = [
            w
            for w in self._wishes
            if w.unit == seat.unit and seat.name not in w.avoid and not w.seat.done()
        ]
        wanted = Use.WRITE if self._last_use[seat.unit] is Use.READ else Use.READ
        return next((w for w in able if w.use is wanted), able[0] if able else None)
