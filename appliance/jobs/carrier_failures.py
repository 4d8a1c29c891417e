"""From a failure of a job with a disk or tape to what is written down of job, volume and medium."""

import msgspec

from appliance.contract.errors import info_of
from appliance.contract.messages import Burn, ErrorInfo, Fetch, Verify
from appliance.contract.states import JobState, MediumState
from appliance.jobs.carrier_handling import let_go, shelf_of
from appliance.jobs.carrier_recovery import CarrierFailure, decide, is_machine, is_medium
from appliance.jobs.records import Facts, JobRecord
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.carriers import TAKING
from appliance.services.holdings import HoldingState
from appliance.services.shelf import CARRIER_BAD

CANCELLED = 5109
MEDIA_SPENT = 3311
_OPEN = (HoldingState.WRITING, HoldingState.WRITTEN)
_MEANT = (Turn.OTHER_MEDIUM, Turn.ABANDON)


def recover(run: JobRun, error: BaseException) -> Outcome:
    """Decide what the job does after `error`, and what becomes of its medium."""
    info = info_of(error)
    facts = _with_failed_drive(run, info.code)
    record = run.changed(facts=facts)
    body = record.body
    avoid = frozenset({*facts.failed_drives, *facts.failed_burners})
    turn = decide(
        CarrierFailure(
            verb=record.verb,
            step=record.step,
            code=info.code,
            tries=run.tries[record.step],
            readings_failed=facts.readings_failed,
            other_drive=record.drive is not None and shelf_of(run).has_other(avoid),
            media_left=body.max_media - facts.spent_media - 1 if isinstance(body, Burn) else 0,
        )
    )
    if turn is Turn.ABANDON and record.ending is None:
        told = info
        if isinstance(body, Burn) and _is_spent(run, info.code):
            told = ErrorInfo(
                MEDIA_SPENT, f"job {run.id} gave up after its last medium failed", info.message
            )
        record = msgspec.structs.replace(record, ending=JobState.FAILED, error=told)
    return outcome(run, turn, record, info)


def cancel(run: JobRun) -> Outcome:
    """The operator's wish: a safe end."""
    info = ErrorInfo(CANCELLED, f"job {run.id} was cancelled")
    record = run.record
    if record.ending is None:
        record = run.changed(ending=JobState.CANCELLED, error=info)
    return outcome(run, Turn.CANCEL, record, info)


def outcome(run: JobRun, turn: Turn, record: JobRecord, info: ErrorInfo) -> Outcome:
    """What is written down with the turn; also of a cancellation."""
    if turn in _MEANT and record.verb == "burn" and _is_spent(run, info.code):
        facts = msgspec.structs.replace(record.facts, spent_media=record.facts.spent_media + 1)
        record = msgspec.structs.replace(record, facts=facts)
    if record.step is Step.SET_ASIDE and turn is Turn.OTHER_MEDIUM:
        record = let_go(record)
    medium_id, step = run.record.medium_id, run.record.step

    def note() -> None:
        if medium_id is not None:
            _note_of_volume(run, medium_id, step, turn, info)
            left = step is Step.RETURN and turn is Turn.ABANDON
            if left or (step is Step.SET_ASIDE and turn is Turn.OTHER_MEDIUM):
                shelf_of(run).leave(medium_id, run.id)
        if turn is Turn.ASK:
            run.use.library.alarms.sound(f"job:{run.id}", info)

    return Outcome(turn, record, note, info)


def _with_failed_drive(run: JobRun, code: int) -> Facts:
    facts, drive, step = run.record.facts, run.record.drive, run.record.step
    if drive is None or not is_medium(code):
        return facts
    if step in (Step.VERIFY, Step.READ):
        return msgspec.structs.replace(
            facts,
            failed_drives=(*facts.failed_drives, drive),
            readings_failed=facts.readings_failed + 1,
        )
    if step in (Step.LOAD, Step.CHECK, Step.BURN):
        return msgspec.structs.replace(facts, failed_burners=(*facts.failed_burners, drive))
    return facts


def _is_spent(run: JobRun, code: int) -> bool:
    """Whether the medium failed at the work itself."""
    return run.record.step in (Step.BURN, Step.VERIFY, Step.READ) and is_medium(code)


def _note_of_volume(run: JobRun, medium_id: str, step: Step, turn: Turn, info: ErrorInfo) -> None:
    """What the failure says of the volume on the medium, and of the medium itself."""
    body, stores = run.record.body, run.use.stores
    if not isinstance(body, Burn | Verify | Fetch) or stores is None:
        return
    holding = stores.holdings.find(medium_id, body.volume_id)
    failed = _is_spent(run, info.code) and turn in _MEANT
    if isinstance(body, Burn):
        gone = turn in (*_MEANT, Turn.CANCEL) or (step is Step.BURN and turn is Turn.OTHER_DRIVE)
        mine = holding is not None and holding.job_id == run.id and holding.state in _OPEN
        if holding is not None and mine and gone:
            stores.holdings.mark(holding.number, HoldingState.SPOILED)
    elif failed:
        if holding is not None:
            stores.holdings.mark(holding.number, HoldingState.SPOILED)
        run.use.library.losses.lose_copy(medium_id, body.volume_id, info)
    if failed and not is_machine(info.code) and stores.carriers.get(medium_id).state in TAKING:
        stores.carriers.mark(medium_id, MediumState.CONDEMNED, info)
        message = f"medium {medium_id} failed and is not written any more: {info.message}"
        error = ErrorInfo(CARRIER_BAD, message, info.detail)
        run.use.library.alarms.sound(f"medium:{medium_id}", error)
