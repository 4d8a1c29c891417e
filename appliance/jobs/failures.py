"""From a step's failure to what is written down: the policy's turn, and what is known from it."""

from collections.abc import Callable

import msgspec

from appliance.contract.errors import info_of
from appliance.contract.messages import Burn, ErrorInfo
from appliance.contract.states import JobState, MediumState
from appliance.jobs.handling import leave_behind, let_go
from appliance.jobs.print_label import label_failed
from appliance.jobs.records import Facts, JobRecord
from appliance.jobs.recovery import (
    UNSUITABLE,
    Failure,
    decide,
    is_disc,
    is_drive,
    is_unreadable,
)
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.mover import is_robot_fault

CANCELLED = 5109
MEDIA_SPENT = 3311
_SPOILED = (MediumState.BURNING, MediumState.WRITTEN)


def recover(run: JobRun, error: BaseException) -> Outcome:
    """Decide what the job does after `error`, and what becomes of its medium."""
    info = info_of(error)
    facts = _with_failed_drive(run, info.code)
    failure = _failure(run, info.code, facts)
    turn = decide(failure)
    record = run.changed(facts=facts)
    if turn is Turn.ABANDON and record.ending is None:
        if failure.begun and is_unreadable(failure):
            info = ErrorInfo(
                MEDIA_SPENT, f"job {run.id} gave up after its last disc failed", info.message
            )
        labelling = record.step in (Step.CARRY, Step.PRINT) and record.verb == "burn"
        if labelling:  # the copy counts already: only its label is missing
            record = msgspec.structs.replace(record, ending=JobState.DONE)
        else:
            record = msgspec.structs.replace(record, ending=JobState.FAILED, error=info)
    return _outcome(run, turn, record, info)


def cancel(run: JobRun) -> Outcome:
    """The operator's wish: a safe end."""
    info = ErrorInfo(CANCELLED, f"job {run.id} was cancelled")
    record = run.record
    if record.ending is None:
        record = run.changed(ending=JobState.CANCELLED, error=info)
    return _outcome(run, Turn.CANCEL, record, info)


def _failure(run: JobRun, code: int, facts: Facts) -> Failure:
    record, medium, seat, unit = run.record, run.medium, run.seat, run.unit
    library = run.use.library
    avoid = {*facts.failed_drives, *facts.failed_burners, *((seat.name,) if seat else ())}
    media = record.body.max_media if isinstance(record.body, Burn) else 0
    state = medium.state if medium else None
    other_unit = (
        isinstance(record.body, Burn)
        and state is not None
        and state.may_be_burned
        and unit is not None
        and not unit.works
        and library.has_blank_elsewhere(unit, record.body.image_size_bytes)
    )
    return Failure(
        verb=record.verb,
        step=record.step,
        code=code,
        tries=run.tries[record.step],
        readings_failed=facts.readings_failed,
        other_drive=unit is not None and library.drives.in_service(unit.name, frozenset(avoid)),
        other_unit=other_unit,
        begun=record.verb == "burn" and state in _SPOILED,
        media_left=media - facts.spent_media - 1,
    )


def _with_failed_drive(run: JobRun, code: int) -> Facts:
    """Remember that this drive could not do it, so that the next try is in another."""
    facts, seat, medium, step = run.record.facts, run.seat, run.medium, run.record.step
    if seat is None or medium is None or code in UNSUITABLE:
        return facts
    if step in (Step.VERIFY, Step.READ) and (is_drive(code) or is_disc(code)):
        return msgspec.structs.replace(
            facts,
            failed_drives=(*facts.failed_drives, seat.name),
            readings_failed=facts.readings_failed + 1,
        )
    if step in (Step.LOAD, Step.CHECK, Step.BURN) and is_drive(code):
        if medium.state.may_be_burned or step is Step.BURN:
            burners = (*facts.failed_burners, seat.name)
            return msgspec.structs.replace(facts, failed_burners=burners)
        return msgspec.structs.replace(facts, failed_drives=(*facts.failed_drives, seat.name))
    return facts


def _outcome(run: JobRun, turn: Turn, record: JobRecord, info: ErrorInfo) -> Outcome:
    notes = [_what_of_medium(run, turn, info)]
    step = record.step
    spoiled = run.medium is not None and run.medium.state in _SPOILED
    if record.verb == "burn" and turn in (Turn.OTHER_MEDIUM, Turn.ABANDON) and spoiled:
        facts = msgspec.structs.replace(record.facts, spent_media=record.facts.spent_media + 1)
        record = msgspec.structs.replace(record, facts=facts)
    if step is Step.RETURN and turn is Turn.ABANDON:
        notes.append(lambda: leave_behind(run, info))
    if step is Step.SET_ASIDE and turn is Turn.OTHER_MEDIUM:
        notes.append(lambda: leave_behind(run, info))
        record = let_go(record)
    if turn is Turn.ASK and not is_robot_fault(info.code):
        notes.append(lambda: run.use.library.alarms.sound(f"job:{run.id}", info))

    if step in (Step.CARRY, Step.PRINT) and turn is Turn.ABANDON:
        notes.append(lambda: label_failed(run, info))

    def note() -> None:
        for write in notes:
            write()

    return Outcome(turn, record, note, info)


def _what_of_medium(run: JobRun, turn: Turn, info: ErrorInfo) -> Callable[[], None]:
    """What a failure says of the disc itself."""
    library, medium, record = run.use.library, run.medium, run.record
    reading = record.step in (Step.VERIFY, Step.READ) and (
        is_drive(info.code) or is_disc(info.code) or info.code == MEDIA_SPENT
    )

    def write() -> None:
        if medium is None or turn not in (Turn.OTHER_MEDIUM, Turn.ABANDON, Turn.CANCEL):
            return
        if record.verb == "burn":
            if medium.state in _SPOILED:
                library.media.mark(medium.id, MediumState.CONDEMNED, info)
        elif turn is Turn.ABANDON and reading:
            worse = MediumState.CONDEMNED if record.step is Step.VERIFY else MediumState.WRITTEN
            library.media.mark(medium.id, worse, info)
            library.losses.lose_copies(medium.id, info)

    return write
