"""Takes one job from step to step until it is final.

Before each step its intent is committed; after it, in one transaction, what came of it, the job's
next step, and the event that tells of it. A step that fails defines what happens next through
`failures.recover`; this is the boundary where also an unexpected error ends a job and not the
firmware.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from appliance.contract.errors import Numbered, SteleError
from appliance.contract.messages import (
    Burn,
    ErrorInfo,
    Fetch,
    FileIn,
    JobChanged,
    PrintLabel,
    ReleaseMagazine,
    TakeInventory,
    TakeOut,
    Verify,
)
from appliance.contract.states import JobState, MediumKind
from appliance.jobs import carrier_failures, handling
from appliance.jobs.burn import BurnJob
from appliance.jobs.by_hand import FileInJob, TakeOutJob
from appliance.jobs.carrier_acts import carrier_acts
from appliance.jobs.failures import cancel, recover
from appliance.jobs.fetch import FetchJob
from appliance.jobs.print_label import PrintLabelJob
from appliance.jobs.records import JobRecord
from appliance.jobs.release import ReleaseJob
from appliance.jobs.run import Interruption, JobInterruptedError, JobRun, Outcome
from appliance.jobs.steps import FLOWS, STAGES, Step, Turn
from appliance.jobs.survey import SurveyJob
from appliance.jobs.verify import VerifyJob

log = logging.getLogger(__name__)

Act = Callable[[], Awaitable[Outcome]]

RETRY_PAUSE_S = 10.0
ASK_PAUSE_S = 60.0
"""How often a job that waits for a person looks whether the trouble is over."""
_FARTHER = (Step.BURN, Step.VERIFY, Step.READ)
_MOVING = (Step.LOAD, Step.CARRY, Step.SWAP, Step.SET_ASIDE, Step.RETURN, Step.SURVEY)
"""Steps that cannot begin while a door is open."""


def acts_of(run: JobRun) -> dict[Step, Act]:  # noqa: PLR0911  # one a kind of job
    """What is done at each step of the job."""
    if run.medium_kind is not MediumKind.DISC:
        return carrier_acts(run)
    shared: dict[Step, Act] = {
        Step.SWAP: lambda: handling.swap(run),
        Step.SET_ASIDE: lambda: handling.set_aside(run),
        Step.RETURN: lambda: handling.give_back(run),
    }
    match run.record.body:
        case Burn() as body:
            burn = BurnJob(run, body)
            printing = PrintLabelJob(run, body)
            return {
                **shared,
                Step.CARRY: printing.carry,
                Step.PRINT: printing.print,
                Step.RETURN: printing.give_back,
                Step.PREPARE: burn.prepare,
                Step.ALLOCATE: burn.allocate,
                Step.LOAD: burn.load,
                Step.CHECK: burn.check,
                Step.BURN: burn.burn,
                Step.VERIFY: burn.verify,
            }
        case PrintLabel() as body:
            printing = PrintLabelJob(run, body)
            return {
                Step.CARRY: printing.carry,
                Step.PRINT: printing.print,
                Step.RETURN: printing.give_back,
            }
        case Verify() as body:
            verify = VerifyJob(run, body)
            return {Step.LOAD: verify.load, Step.VERIFY: verify.verify, **shared}
        case Fetch() as body:
            fetch = FetchJob(run, body)
            return {
                Step.PREPARE: fetch.prepare,
                Step.LOAD: fetch.load,
                Step.READ: fetch.read,
                **shared,
            }
        case FileIn() | TakeOut() | ReleaseMagazine():
            return hand_acts(run)
        case TakeInventory() as body:
            survey = SurveyJob(run, body)
            return {Step.SURVEY: survey.survey, Step.RETURN: survey.give_back}


def hand_acts(run: JobRun) -> dict[Step, Act]:
    """What is done at each step of a job with a person's hands."""
    fittings, body = run.use.fittings, run.record.body
    if fittings is None:
        raise SteleError(5110, "this appliance has nothing that a person may open")
    match body:
        case FileIn():
            file_in = FileInJob(run, body, fittings)
            return {
                Step.PREPARE: file_in.prepare,
                Step.HANDLE: file_in.handle,
                Step.SURVEY: file_in.look,
            }
        case TakeOut():
            take_out = TakeOutJob(run, body, fittings)
            return {
                Step.PREPARE: take_out.prepare,
                Step.HANDLE: take_out.handle,
                Step.SURVEY: take_out.look,
            }
        case ReleaseMagazine():
            return {Step.HANDLE: ReleaseJob(run, body, fittings).handle}
        case _:
            raise TypeError(f"{type(body).__name__} is no job with a person's hands")


class Runner:
    """One job's way through its table."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._flow, self._acts = FLOWS[run.record.verb], acts_of(run)

    async def drive(self) -> None:
        """Run until the job is final, or the firmware stops."""
        run = self._run
        try:
            while run.record.step is not Step.FINISHED:
                if run.record.state is JobState.WAITING:
                    self._begin()
                await self._step()
        except JobInterruptedError as interruption:
            if interruption.reason is not Interruption.STOP:
                raise

    def _begin(self) -> None:
        self._write(self._run.changed(state=JobState.RUNNING), None)

    async def _step(self) -> None:
        run = self._run
        step = run.record.step
        act = run.use.journal.intend(run.record)
        outcome = await self._take(step)
        after = self._advanced(outcome, step)
        with run.use.db.atomic():
            if outcome.note is not None:
                outcome.note()
            run.use.journal.conclude(act, outcome.turn, outcome.error, after)
            self._tell(after, outcome.error)
            if outcome.turn is not Turn.ASK:
                run.use.library.alarms.clear(f"job:{run.id}")
        run.record = after
        run.use.changed()
        await self._rest(step, outcome.turn)

    async def _take(self, step: Step) -> Outcome:
        run = self._run
        try:
            if step is Step.RETURN:
                run.take_interruption()
            run.check_interrupted()
            await self._await_doors(step)
            return await self._acts[step]()
        except JobInterruptedError as interruption:
            if interruption.reason is Interruption.STOP:
                raise
            run.take_interruption()
            return _cancel(run)
        except Exception as error:
            # The boundary of a job: no error leaves it.
            if not isinstance(error, Numbered):
                log.exception("job %s failed unexpectedly at %s", run.id, step)
            return _recover(run, error)

    async def _await_doors(self, step: Step) -> None:
        """Wait here for closed doors: a move that waits for them cannot be broken off."""
        run, gate = self._run, self._run.use.gates.interlock.gate
        while step in _MOVING and not gate.is_open:
            try:
                await run.pass_gate(gate)
            except JobInterruptedError as interruption:
                if step is not Step.RETURN or interruption.reason is Interruption.STOP:
                    raise
                run.take_interruption()

    def _advanced(self, outcome: Outcome, step: Step) -> JobRecord:
        """The record after the step, with its next step, and final when that is the last."""
        run = self._run
        following = self._flow[step][outcome.turn]
        after = msgspec.structs.replace(outcome.after, step=following)
        if following is Step.RETURN and after.ending is None:
            after = msgspec.structs.replace(after, ending=JobState.DONE)
        if following is Step.FINISHED:
            after = msgspec.structs.replace(
                after, state=after.ending or JobState.DONE, ended_at=run.use.now()
            )
        if outcome.turn in (Turn.RETRY, Turn.ASK, Turn.OTHER_DRIVE):
            run.tries[step] += 1
        elif step in _FARTHER or outcome.turn is Turn.OTHER_MEDIUM:
            run.tries.clear()
        return after

    async def _rest(self, step: Step, turn: Turn) -> None:
        """Wait before a step is tried again. Being cancelled ends the wait."""
        run = self._run
        if turn not in (Turn.RETRY, Turn.ASK):
            return
        pause_s = ASK_PAUSE_S if turn is Turn.ASK else RETRY_PAUSE_S * run.tries[step]
        try:
            with run.waiting("operator" if turn is Turn.ASK else "another try"):
                await run.interruptible(asyncio.sleep(pause_s))
        except JobInterruptedError as interruption:
            if interruption.reason is Interruption.STOP:
                raise

    def _write(self, after: JobRecord, error: ErrorInfo | None) -> None:
        run = self._run
        with run.use.db.atomic():
            run.use.journal.save(after)
            self._tell(after, error)
        run.record = after
        run.use.changed()

    def _tell(self, after: JobRecord, error: ErrorInfo | None) -> None:
        """The event, when an operator would see a difference."""
        before = self._run.record
        if (before.state, STAGES[before.step], before.drive, before.medium_id) == (
            after.state,
            STAGES[after.step],
            after.drive,
            after.medium_id,
        ) and error is None:
            return
        self._run.use.events.append(job_changed(after, error))


def _recover(run: JobRun, error: BaseException) -> Outcome:
    on_shelf = run.medium_kind is not MediumKind.DISC
    return carrier_failures.recover(run, error) if on_shelf else recover(run, error)


def _cancel(run: JobRun) -> Outcome:
    on_shelf = run.medium_kind is not MediumKind.DISC
    return carrier_failures.cancel(run) if on_shelf else cancel(run)


def job_changed(record: JobRecord, error: ErrorInfo | None = None) -> JobChanged:
    """The event that tells of a job's present state."""
    body = record.body
    return JobChanged(
        job_id=record.id,
        verb=record.verb,
        state=record.state,
        stage=STAGES[record.step],
        volume_id=getattr(body, "volume_id", None),
        copy_id=getattr(body, "copy_id", None),
        medium_id=record.medium_id,
        drive=record.drive,
        attempt=record.attempt,
        error=record.error if record.state.is_final else error,
    )
