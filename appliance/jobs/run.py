"""One job under way: its record, what it may use, and how it is interrupted."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import msgspec
from sqlite_utils import Database

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn, ContentRef, ErrorInfo, JobView
from appliance.contract.states import DriveState, JobState, MediumKind
from appliance.jobs.journal import Journal
from appliance.jobs.progress import Pace, Progress
from appliance.jobs.records import JobRecord
from appliance.jobs.steps import STAGES, Step, Turn
from appliance.services.content import ContentClient
from appliance.services.drives import Seat
from appliance.services.events import EventSink
from appliance.services.fittings import Fittings
from appliance.services.gate import Gate
from appliance.services.gates import Gates
from appliance.services.library import Library
from appliance.services.media import Medium
from appliance.services.mover import Mover
from appliance.services.plans import Plans
from appliance.services.printing import Printing
from appliance.services.shelf import Shelf
from appliance.services.stores import Stores
from appliance.services.units import LibraryUnit

T = TypeVar("T")


class Interruption(Enum):
    CANCEL = "cancel"
    STOP = "stop"


class JobInterruptedError(Exception):
    """The operator cancelled the job, or the firmware stops; `reason` says which."""

    def __init__(self, reason: Interruption) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every job may use."""

    db: Database
    library: Library
    content: ContentClient
    plans: Plans
    journal: Journal
    events: EventSink
    pace: Pace
    preparing: asyncio.Semaphore
    """How many jobs may have a plan in memory before they have a drive."""
    gates: Gates
    now: Callable[[], datetime]
    changed: Callable[[], None]
    stores: Stores | None = None
    """Disks and tapes, where there are any."""
    printing: Printing | None = None
    """The disc printer, where there is one."""
    fittings: Fittings | None = None
    """Magazines, lights and sensors at the slots."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went. `note` writes what is now true, in the transaction that ends the step."""

    turn: Turn
    after: JobRecord
    note: Callable[[], object] | None = None
    error: ErrorInfo | None = None


class JobRun:
    """A job in memory. `record` is what the journal has; steps return a changed one."""

    def __init__(self, record: JobRecord, use: Surroundings) -> None:
        self.record = record
        self.use = use
        self.progress = Progress(use.pace, asyncio.get_running_loop().time)
        self.waiting_for = ""
        self.tries: Counter[Step] = Counter()
        """How often each step failed since the job last got further."""
        self.granted = asyncio.Event()
        self._interrupted = asyncio.Event()
        self._reason: Interruption | None = None

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def seat(self) -> Seat | None:
        """The drive that the job has."""
        return self.use.library.drives.of_job(self.id)

    @property
    def own_seat(self) -> Seat:
        """The drive that the job must have at this step."""
        seat = self.seat
        if seat is None:
            raise SteleError(5000, f"job {self.id} has no drive at step {self.record.step}")
        return seat

    @property
    def mover(self) -> Mover:
        """The mover of the unit that the job's drive is in."""
        return self.use.library.mover_of(self.own_seat.name)

    @property
    def unit(self) -> LibraryUnit | None:
        """The unit that the job's medium is in; unset for a job that has none yet."""
        medium = self.medium
        return self.use.library.units.find(medium) if medium else None

    @property
    def medium_kind(self) -> MediumKind:
        """What kind of medium the job works with."""
        body = self.record.body
        if isinstance(body, Burn):
            return body.medium_kind
        stores, medium_id = self.use.stores, getattr(body, "medium_id", "")
        carrier = stores.carriers.find(medium_id) if stores and medium_id else None
        return carrier.kind if carrier else MediumKind.DISC

    @property
    def shelf(self) -> Shelf[Any] | None:
        """Where the job's disk or tape stands; unset for a disc."""
        stores = self.use.stores
        return stores.shelves.get(self.medium_kind) if stores else None

    @property
    def own_stores(self) -> Stores:
        """The disks and tapes that the job must have at this step."""
        if self.use.stores is None:
            raise SteleError(5110, "this appliance has neither disks nor tapes")
        return self.use.stores

    @property
    def medium(self) -> Medium | None:
        medium_id = self.record.medium_id
        return self.use.library.media.find(medium_id) if medium_id else None

    @property
    def own_medium(self) -> Medium:
        """The medium that the job must have at this step."""
        return self.use.library.media.get(self.record.medium_id or "")

    def changed(self, **fields: object) -> JobRecord:
        """The record with some fields replaced; nothing is written."""
        return msgspec.structs.replace(self.record, **fields)

    def content_ref(self, ref: ContentRef) -> ContentRef:
        """Where the content is, with the newest token."""
        return ContentRef(ref.url, self.record.token or ref.token)

    def interrupt(self, reason: Interruption) -> None:
        """Ask the job to end. A move under way goes on to its end first."""
        if self._reason is not Interruption.STOP:
            self._reason = reason
        self._interrupted.set()

    def check_interrupted(self) -> None:
        if self._reason is not None:
            raise JobInterruptedError(self._reason)

    def take_interruption(self) -> None:
        """The cancellation has been heard; what follows is the way to a safe end."""
        if self._reason is Interruption.CANCEL:
            self._reason = None
            self._interrupted.clear()

    async def interruptible(self, act: Awaitable[T]) -> T:
        """Wait for `act`; when the job is interrupted, cancel it and wait until it has ended."""
        task = asyncio.ensure_future(act)
        interruption = asyncio.ensure_future(self._interrupted.wait())
        try:
            await asyncio.wait({task, interruption}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interruption.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if task.cancelled():
            self.check_interrupted()
        return task.result()

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Say what the job waits for."""
        self.waiting_for = what
        self.use.changed()
        try:
            yield
        finally:
            self.waiting_for = ""
            self.use.changed()

    async def pass_gate(self, gate: Gate) -> None:
        """Wait until the gate is open; meanwhile the job says what closes it."""
        while not gate.is_open:
            with self.waiting(", ".join(gate.reasons)):
                await self.interruptible(gate.passed())

    @contextmanager
    def working(self, during: DriveState) -> Iterator[Seat]:
        """Show on the drive what the job does with it."""
        seat = self.own_seat
        with self.use.library.occupied(seat, during, DriveState.LOADED):
            yield seat

    def advance(self, done: int) -> None:
        """So many bytes of the step under way are done."""
        self.progress.advance(done)
        seat = self.seat
        if seat is not None:
            picture = self.progress.picture(waiting=False)
            total = picture.bytes_total
            seat.fraction = picture.bytes_done / total if total else None
            seat.speed_bytes_per_s = picture.speed_bytes_per_s
        self.use.changed()

    def view(self) -> JobView:
        """The job as telemetry shows it."""
        record = self.record
        picture = self.progress.picture(waiting=bool(self.waiting_for))
        body = record.body
        waits = bool(self.waiting_for) and not record.state.is_final
        seat = self.seat
        batch = getattr(body, "batch", None)
        return JobView(
            job_id=record.id,
            verb=record.verb,
            state=JobState.WAITING if waits else record.state,
            stage=STAGES[record.step],
            fraction=1.0 if record.state is JobState.DONE else picture.fraction,
            bytes_done=picture.bytes_done,
            bytes_total=picture.bytes_total,
            speed_bytes_per_s=picture.speed_bytes_per_s,
            seconds_left=picture.seconds_left,
            volume_id=getattr(body, "volume_id", None),
            copy_id=getattr(body, "copy_id", None),
            medium_id=record.medium_id,
            drive=seat.name if seat else record.drive if self.shelf else None,
            medium_kind=self.medium_kind,
            batch_id=batch.batch_id if batch else None,
            attempt=record.attempt,
            waiting_for=self.waiting_for,
            error=record.error,
        )
