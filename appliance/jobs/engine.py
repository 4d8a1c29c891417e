"""The job engine: takes commands, runs jobs, and goes on with them after a restart.

A command's answer, the job that it starts and the event about it are one transaction, committed
before `submit` returns. Every unfinished job has one task, which waits for its turn at the drives
and the robot.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlite_utils import Database

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import (
    Cancel,
    Command,
    Grant,
    JobsTelemetry,
    Replay,
    Reply,
    TakeInventory,
)
from appliance.jobs.admission import Admission
from appliance.jobs.drawer_work import drawers_alone
from appliance.jobs.journal import Journal
from appliance.jobs.progress import Pace
from appliance.jobs.records import JobBody, JobRecord, first_record
from appliance.jobs.restart import begin_shelf, recover
from appliance.jobs.run import Interruption, JobRun, Surroundings
from appliance.jobs.runner import Runner, job_changed
from appliance.jobs.steps import resumed
from appliance.services.content import ContentClient
from appliance.services.events import EventSink
from appliance.services.fittings import Fittings
from appliance.services.gates import Gates
from appliance.services.library import Library
from appliance.services.plans import Plans
from appliance.services.printing import Printing
from appliance.services.reconciliation import tend
from appliance.services.shelf import Shelf
from appliance.services.stores import Stores
from appliance.services.units import LibraryUnit

log = logging.getLogger(__name__)

Acts = Mapping[type[msgspec.Struct], Callable[[Any], None]]
"""What is done at once when a command is accepted, in its transaction, by the kind of its body.

An act that refuses raises `SteleError`; whatever it does outside the database must be harmless if
the transaction is lost.
"""

SHOWN_AFTER_END = timedelta(minutes=2)
"""How long telemetry still shows a job that has ended."""
PREPARING_MAX = 2
_RECOVERY = "reconciliation"


class Engine:
    """Every job of one appliance."""

    def __init__(
        self,
        db: Database,
        library: Library,
        content: ContentClient,
        *,
        plans: Path,
        events: EventSink,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        gates: Gates | None = None,
        acts: Acts | None = None,
        stores: Stores | None = None,
        printing: Printing | None = None,
        fittings: Fittings | None = None,
    ) -> None:
        """`plans` is the folder for the compressed plans; it is made when missing."""
        self._db = db
        self._library = library
        self._events = events
        self._now = now
        self._changed = changed
        self._acts = acts or {}
        self._journal = Journal(db, now)
        self._admission = Admission(library, self._journal, stores, printing, fittings)
        self._use = Surroundings(
            db=db,
            library=library,
            content=content,
            plans=Plans(plans),
            journal=self._journal,
            events=events,
            pace=Pace(),
            preparing=asyncio.Semaphore(PREPARING_MAX),
            gates=gates or Gates(),
            now=now,
            changed=changed,
            stores=stores,
            printing=printing,
            fittings=fittings,
        )
        self._shelves = tuple(stores.shelves.values()) if stores else ()
        self._runs: dict[str, JobRun] = {}
        self._ended: dict[str, JobRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._launched: set[str] = set()
        self._suspended = ""
        if fittings is not None:
            fittings.wish_survey = self.look_into

    async def start(self) -> None:
        """Begin: ask the hardware where everything is, then go on with unfinished jobs.

        Returns at once; commands are accepted from now on, also while the robot is not there. While
        the gate of all work is closed nothing begins until `resume`.
        """
        self._suspended = next(iter(self._use.gates.work.reasons), "")
        for record in self._journal.unfinished():
            self._enlist(msgspec.structs.replace(record, step=resumed(record.step)))
        if not self._suspended:
            self._begin_units()

    async def stop(self) -> None:
        """Let moves of jobs under way end, stop everything else; a disc being burned is lost."""
        await self._come_to_rest()

    async def suspend(self, reason: str) -> None:
        """Come to rest as for a stop, and start nothing until `resume`; commands are still taken.

        Returns when no job does anything any more: trays are closed, no burn is under way. What
        was under way goes on after `resume` as it does after a restart, so a disc whose burn was
        cut short is looked at, condemned, and burned anew on another.
        """
        self._suspended = reason
        for unit in self._library.units:
            unit.ready.clear()
        for shelf in self._shelves:
            shelf.ready.clear()
        await self._come_to_rest()
        for run in self._runs.values():
            run.waiting_for = reason
        self._changed()

    def resume(self) -> None:
        """Go on after `suspend`: ask the hardware where everything is, then let the jobs run."""
        if not self._suspended:
            return
        self._suspended = ""
        self._launched.clear()
        for run in list(self._runs.values()):
            step = resumed(run.record.step)
            self._enlist(msgspec.structs.replace(run.record, step=step))
        self._begin_units()
        self._changed()

    async def _come_to_rest(self) -> None:
        for task in self._tasks:
            if task.get_name() == _RECOVERY:
                task.cancel()
        for run in self._runs.values():
            run.interrupt(Interruption.STOP)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def submit(self, command: Command) -> Reply:
        """Answer any command but `Replay`; the promise is on the disk before this returns."""
        known = self._journal.answer(command.id)
        if known is not None:
            return msgspec.structs.replace(known, duplicate=True)
        now = self._now()
        try:
            with self._db.atomic():
                record = self._accept(command, now)
                job_id = record.id if record else None
                reply = Reply(command.id, now, accepted=True, job_id=job_id)
                self._journal.keep_answer(reply)
        except SteleError as error:
            reply = Reply(command.id, now, accepted=False, error=error.info)
            with self._db.atomic():
                self._journal.keep_answer(reply)
            return reply
        if record is not None:
            self._take_in(command, record)
        self._changed()
        return reply

    def answer(self, command_id: str) -> Reply | None:
        """What was answered to a command, also to one that another desk took."""
        return self._journal.answer(command_id)

    def keep_answer(self, reply: Reply) -> None:
        """Remember the answer that another desk gave."""
        with self._db.atomic():
            self._journal.keep_answer(reply)

    def jobs_telemetry(self) -> JobsTelemetry:
        """Every job that is not final, and those that became so in the last minutes."""
        now = self._now()
        for run in list(self._ended.values()):
            if run.record.ended_at is None or now - run.record.ended_at > SHOWN_AFTER_END:
                del self._ended[run.id]
        jobs = [run.view() for run in (*self._runs.values(), *self._ended.values())]
        fractions = {job.job_id: job.fraction for job in jobs if job.fraction is not None}
        return JobsTelemetry(now, jobs, self._journal.batches.views(now, fractions))

    def _accept(self, command: Command, now: datetime) -> JobRecord | None:
        """Write down what the command asks for; the record is the job's from now on.

        None when the command is done with that.
        """
        match command.body:
            case Replay():
                raise SteleError(5107, "a replay is not the job engine's to answer")
            case Cancel(job_id=job_id):
                self._admission.check(command, now)
                record = self._admission.open_job(job_id)
                record = msgspec.structs.replace(record, cancelled=True)
                self._journal.save(record)
            case Grant(job_id=job_id, token=token):
                self._admission.check(command, now)
                record = self._admission.open_job(job_id)
                record = msgspec.structs.replace(record, token=token)
                self._journal.save(record)
            case body if type(body) in self._acts:
                self._admission.check(command, now)
                self._acts[type(body)](body)
                return None
            case _:
                self._admission.check(command, now)
                if not isinstance(command.body, JobBody):
                    raise SteleError(
                        5110, f"this appliance has no means for a {type(command.body).__name__}"
                    )
                record = first_record(command, now)
                self._journal.add(record)
                self._events.append(job_changed(record))
        return record

    def _take_in(self, command: Command, record: JobRecord) -> None:
        """Let memory follow what has just been committed."""
        run = self._runs.get(record.id)
        if run is None:
            self._launch(self._enlist(record))
            return
        run.record = run.changed(cancelled=record.cancelled, token=record.token)
        if isinstance(command.body, Cancel):
            run.interrupt(Interruption.CANCEL)
        else:
            run.granted.set()

    def _enlist(self, record: JobRecord) -> JobRun:
        run = self._runs[record.id] = JobRun(record, self._use)
        run.waiting_for = self._suspended or "robot"
        if record.cancelled and record.ending is None:
            run.interrupt(Interruption.CANCEL)
        return run

    def _begin_units(self) -> None:
        """Have each unit reconciled by itself; what needs none may run at once."""
        for unit in self._library.units:
            self._spawn(self._recover(unit), _RECOVERY)
        for shelf in self._shelves:
            self._spawn(self._begin_shelf(shelf), _RECOVERY)
        self._launch_all()

    async def _recover(self, unit: LibraryUnit) -> None:
        """Know where the unit's media are, then let its jobs run; then look after the unit."""
        if self._use.fittings is not None:
            await self._use.fittings.magazines.looked()
        await recover(self._library, unit, self._runs.values())
        self._library.begin_unit(unit)
        if not self._surveys(unit):
            unknown = self._library.slots.unknown(unit.name)
            if not self._library.slots.were_surveyed(unit.name):
                self._take_first_inventory(unit)
            elif unknown:
                self._add_inventory(f"-{unknown[0]}", unknown)
        self._launch_all()
        await tend(self._library, unit)

    async def _begin_shelf(self, shelf: Shelf[Any]) -> None:
        """Know which disks or tapes there are, then let their jobs run; then watch them."""
        runs = [run for run in self._runs.values() if run.shelf is shelf]
        await begin_shelf(
            shelf, {run.record.medium_id or "": run.id for run in runs}, self._library.alarms
        )
        self._launch_all()
        await shelf.tend()

    def _surveys(self, unit: LibraryUnit | None = None) -> list[JobRun]:
        """The inventories that are still to be taken, of all units or of slots of one."""
        found = []
        for run in self._runs.values():
            body = run.record.body
            if isinstance(body, TakeInventory) and (
                unit is None
                or not body.slots
                or any(self._library.slots.unit_of(slot) == unit.name for slot in body.slots)
            ):
                found.append(run)
        return found

    def look_into(self, slots: list[str]) -> None:
        """Take an inventory of slots that have just come, once their unit may work."""
        unit = self._library.units.of_slot(slots[0])
        if unit is not None and unit.ready.is_set():
            self._add_inventory(f"-{slots[0]}", slots)
            self._launch_all()

    def _take_first_inventory(self, unit: LibraryUnit) -> None:
        several = len(self._library.units) > 1
        name = f"-{unit.name}" if several else ""
        self._add_inventory(name, list(unit.changer.slots) if several else [])

    def _add_inventory(self, name: str, slots: list[str]) -> None:
        now = self._now()
        command = Command(f"inventory{name}-{now:%Y%m%dT%H%M%S%f}", now, TakeInventory(slots))
        record = first_record(command, now)
        with self._db.atomic():
            self._journal.add(record)
            self._events.append(job_changed(record))
        self._enlist(record)

    def _launch_all(self) -> None:
        """Start whatever may begin; inventories first: they find media."""
        for run in (*self._surveys(), *self._runs.values()):
            self._launch(run)

    def _launch(self, run: JobRun) -> None:
        """Start a job whose unit is ready; one that has no medium yet when any unit is."""
        units, unit, shelf = self._library.units, run.unit, run.shelf or drawers_alone(run)
        if shelf is not None:
            ready = shelf.ready.is_set()
        else:
            ready = units.any_ready() if unit is None else unit.ready.is_set()
        if ready and not self._suspended and run.id not in self._launched:
            self._launched.add(run.id)
            self._spawn(self._see_through(run), run.id)

    async def _see_through(self, run: JobRun) -> None:
        run.waiting_for = ""
        try:
            await Runner(run).drive()
        except Exception as error:
            log.exception("job %s cannot go on", run.id)
            self._library.alarms.sound(f"job:{run.id}", info_of(error))
        if run.record.state.is_final:
            self._ended[run.id] = self._runs.pop(run.id)
            self._launched.discard(run.id)
        self._changed()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
