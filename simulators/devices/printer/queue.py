"""The print queue and the printer behind it."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from simulators.devices.printer.picture import come_out
from simulators.world.printer import (
    NO_INK,
    PRINT_MISSING,
    PRINT_SMEARED,
    PRINT_UPSIDE_DOWN,
    PRINTER_STOPPED,
    Print,
    PrinterState,
)
from simulators.world.world import World

QUEUE = "disc"
"""The queue's name; the firmware's configuration has the same by default."""
INK_PCT_A_DISC = 0.4
LOW_INK_PCT = 10.0
PRINT_ABORTED = "print-aborted"
"""Name of the fault in the world: the back end fails; CUPS stops the queue and keeps the job."""
PRINT_SWAPPED = "print-swapped"
"""Name of the fault in the world: the picture of the job before comes out."""


class JobState(StrEnum):
    PENDING = "pending"
    HELD = "held"
    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELED = "canceled"

    @property
    def is_over(self) -> bool:
        return self in (JobState.COMPLETED, JobState.CANCELED)


REASONS = {
    JobState.PENDING: "none",
    JobState.HELD: "job-hold-until-specified",
    JobState.PROCESSING: "job-printing",
    JobState.COMPLETED: "processing-to-stop-point",
    JobState.CANCELED: "processing-to-stop-point",
}
"""IPP's `job-state-reasons` as CUPS 2.4.2 gives them: it does not tell how a job ended."""


@dataclass
class Job:
    number: int
    title: str
    image: Path
    size_bytes: int
    user: str
    created_at: datetime
    state: JobState = JobState.PENDING


@dataclass(frozen=True)
class Trouble:
    """Why the printer does not go on: IPP's `printer-state-reasons`, and what it says."""

    reasons: str
    message: str


NONE = Trouble("none", "")
_NO_DISC = Trouble("media-empty-error", "There is no disc in the tray.")
_TRAY_OUT = Trouble("input-tray-missing-error", "The tray is open.")
_NO_INK = Trouble("marker-supply-empty-error", "The printer is out of ink.")
_LOW_INK = Trouble("marker-supply-low-warning", "The printer is low on ink.")
_STOPPED = Trouble("paused,offline-report", "The printer is not responding.")
_FAILED = Trouble("paused", "Backend failed")


class PrintQueue:
    """One printer. Make it inside a running event loop."""

    def __init__(self, world: World, name: str, print_s: float, tray_s: float) -> None:
        self.world = world
        self.name = name
        self.jobs: list[Job] = []
        self.since = datetime.now(UTC)
        """When the printer last began or ended to be idle."""
        self._print_s = print_s
        self._tray_s = tray_s
        self._changed = asyncio.Event()
        self._moving = False
        self._failed = False
        self._work = asyncio.create_task(self._print_all(), name=f"printer {name}")
        world.watch(lambda _: self._changed.set())

    @property
    def state(self) -> PrinterState:
        return self.world.state.printers[self.name]

    @property
    def current(self) -> Job | None:
        return next((job for job in self.jobs if job.state is JobState.PROCESSING), None)

    @property
    def is_stopped(self) -> bool:
        faults = self.world.state.faults
        return PRINTER_STOPPED in faults or (self._failed and PRINT_ABORTED in faults)

    @property
    def trouble(self) -> Trouble:
        """What the printer reports of itself now."""
        if self.is_stopped:
            return _STOPPED if PRINTER_STOPPED in self.world.state.faults else _FAILED
        if self.current and self._hindrance():
            return self._hindrance() or NONE
        if self.state.ink_pct <= 0 or NO_INK in self.world.state.faults:
            return _NO_INK
        return _LOW_INK if self.state.ink_pct < LOW_INK_PCT else NONE

    def _hindrance(self) -> Trouble | None:
        """Why a job that is under way waits."""
        if self.state.ink_pct <= 0 or NO_INK in self.world.state.faults:
            return _NO_INK
        if self._moving or self.name in self.world.state.open_trays:
            return _TRAY_OUT
        return None if self.world.disc_at(self.name) else _NO_DISC

    def submit(self, image: Path, title: str, user: str) -> Job:
        """Take a copy of a picture into the queue."""
        self.state.jobs += 1
        number = self.state.jobs
        spooled = self.world.folder / "prints" / f"job-{number:05d}.png"
        shutil.copyfile(image, spooled)
        size_bytes = spooled.stat().st_size
        job = Job(number, title, spooled, size_bytes, user, datetime.now(UTC))
        self.jobs.append(job)
        self.world.save("printers")
        self._changed.set()
        return job

    def cancel(self, number: int) -> bool:
        """Give a job up; False when there is no such job, or not any more."""
        for job in self.jobs:
            if job.number == number and not job.state.is_over:
                job.state = JobState.CANCELED
                self._changed.set()
                return True
        return False

    def hold(self, number: int, *, held: bool) -> bool:
        """Keep a job from being printed, or let it go on; False when there is no such job."""
        for job in self.jobs:
            if job.number == number and not job.state.is_over:
                job.state = JobState.HELD if held else JobState.PENDING
                self._changed.set()
                return True
        return False

    async def move_tray(self, *, is_open: bool) -> bool:
        """Move the tray and wait; False while the printer prints or the tray moves."""
        if self._moving or (self.current and not self._hindrance()):
            return False
        if (self.name in self.world.state.open_trays) != is_open:
            self._moving = True
            try:
                self.world.set_tray(self.name, False)
                await asyncio.sleep(self._tray_s)
                self.world.set_tray(self.name, is_open)
            finally:
                self._moving = False
                self._changed.set()
        return True

    def stop(self) -> None:
        """Cut the power."""
        self._work.cancel()

    # Printing

    async def _print_all(self) -> None:
        while True:
            job = next((job for job in self.jobs if job.state is JobState.PENDING), None)
            if job is None or self.is_stopped:
                self._changed.clear()
                await self._changed.wait()
                continue
            self.since = datetime.now(UTC)
            job.state = JobState.PROCESSING
            await self._print(job)
            self.since = datetime.now(UTC)

    async def _print(self, job: Job) -> None:
        """Print one job, or stop half way: stopped, cancelled, the disc taken away."""
        while self._hindrance() and not self._is_off(job):
            self._changed.clear()
            await self._changed.wait()
        done_s = self.world.now() + self._print_s
        while self.world.now() < done_s and not self._is_off(job) and not self._hindrance():
            self._changed.clear()
            try:
                async with asyncio.timeout(done_s - self.world.now()):
                    await self._changed.wait()
            except TimeoutError:
                break
        if job.state is not JobState.PROCESSING:
            return
        if PRINT_ABORTED in self.world.state.faults:
            self._failed = True
        if self.is_stopped or self._hindrance():
            job.state = JobState.PENDING  # it is begun anew
        else:
            self._leave_on_disc(job)
            job.state = JobState.COMPLETED

    def _is_off(self, job: Job) -> bool:
        return self.is_stopped or job.state is not JobState.PROCESSING

    def _leave_on_disc(self, job: Job) -> None:
        disc = self.world.disc_at(self.name)
        assert disc  # noqa: S101  # no hindrance
        faults, before = self.world.state.faults, self.world.state.prints.get(disc.serial)
        earlier = [other.image for other in self.jobs if other.state is JobState.COMPLETED]
        sent = earlier[-1] if PRINT_SWAPPED in faults and earlier else job.image
        printed = Print(
            image=str(sent.relative_to(self.world.folder)),
            title=job.title,
            smeared=PRINT_SMEARED in faults,
            upside_down=PRINT_UPSIDE_DOWN in faults,
            missing=PRINT_MISSING in faults,
            times=before.times + 1 if before else 1,
        )
        if not printed.missing:
            come_out(sent, self.world.print_path(disc.serial), printed, self.state.ink_pct)
        self.state.ink_pct = max(0.0, self.state.ink_pct - INK_PCT_A_DISC)
        self.world.state.prints[disc.serial] = printed
        self.world.save("prints", "printers")
