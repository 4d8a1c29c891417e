"""The steps that every job with a disc shares: get a drive, load, swap, set aside, return."""

import msgspec

from appliance.contract.messages import ErrorInfo
from appliance.jobs.records import JobRecord
from appliance.jobs.run import Interruption, JobInterruptedError, JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.drives import Seat, Use
from appliance.services.reconciliation import OWNER


async def have_in_drive(run: JobRun, use: Use, avoid: frozenset[str]) -> Seat:
    """Have the job's medium in a drive of the job's.

    A drive to avoid is taken all the same when there is no other in service in the medium's unit.
    A robot's move goes on to its end even if the job is interrupted; a person's is left at once.
    """
    library = run.use.library
    medium = run.own_medium
    with run.waiting(f"medium {medium.id}"):
        await run.interruptible(library.reservations.take(medium.id, run.id))
    unit = library.units.of_medium(medium)
    seat = run.seat
    if seat is None:
        if not library.drives.in_service(unit.name, avoid):
            avoid = frozenset()
        with run.waiting("drive"):
            seat = await run.interruptible(library.drives.acquire(run.id, use, avoid, unit.name))
    if unit.by_hand:
        with run.waiting("person"):
            await run.interruptible(library.bring(medium.id, seat))
    else:
        await library.bring(medium.id, seat)
    return seat


async def swap(run: JobRun) -> Outcome:
    """Back to the slot and out of the drive; the medium stays the job's."""
    await _vacate(run)
    return Outcome(Turn.GOOD, run.changed(drive=None))


async def set_aside(run: JobRun) -> Outcome:
    """Back to the slot; the job goes on without this medium.

    In a unit that does not work nothing is moved: what is in its drive stays there for the unit's
    own reconciliation.
    """
    unit, seat = run.unit, run.seat
    if unit is None or unit.works:
        await _vacate(run)
    elif seat is not None:
        run.use.library.drives.pass_on(seat, OWNER)
    if run.record.medium_id is not None:
        run.use.library.reservations.drop(run.record.medium_id, run.id)
    return Outcome(Turn.GOOD, let_go(run.record))


async def give_back(run: JobRun) -> Outcome:
    """Back to the slot, or left where it is for the next job that waits for this very medium."""
    medium, seat = run.medium, run.seat
    if medium is None or seat is None or not run.use.library.hand_on(medium.id, seat):
        await _vacate(run)
    if medium is not None:
        run.use.library.reservations.drop(medium.id, run.id)
    return Outcome(Turn.GOOD, run.changed(drive=None))


def let_go(record: JobRecord) -> JobRecord:
    """The record of a job that has parted from its medium, to go on with another."""
    if record.medium_id is None:
        return record
    facts = msgspec.structs.replace(
        record.facts, failed_drives=(), readings_failed=0, burn_drive=None, burn_s=None
    )
    return msgspec.structs.replace(
        record, medium_id=None, drive=None, attempt=record.attempt + 1, facts=facts
    )


def leave_behind(run: JobRun, error: ErrorInfo) -> None:
    """Part from a medium that its drive does not give up; the drive goes out of service."""
    library, seat, medium = run.use.library, run.seat, run.medium
    if seat is not None:
        if medium is not None and medium.drive == seat.name:
            library.drives.suspend(seat, error)
        library.drives.release(seat)
    if medium is not None:
        library.reservations.drop(medium.id, run.id)


async def _vacate(run: JobRun) -> None:
    medium, seat = run.medium, run.seat
    if medium is not None and not medium.is_home and not medium.is_gone:
        await _put_away(run, medium.id, seat)
    elif seat is not None:
        run.use.library.drives.release(seat)


async def _put_away(run: JobRun, medium_id: str, seat: Seat | None) -> None:
    """Home, whatever the operator wishes; only a stop ends the waiting for a person."""
    library, unit = run.use.library, run.unit
    if unit is None or not unit.by_hand:
        await library.put_away(medium_id, seat)
        return
    while True:
        try:
            with run.waiting("person"):
                await run.interruptible(library.put_away(medium_id, seat))
        except JobInterruptedError as interruption:
            if interruption.reason is Interruption.STOP or run.record.step is not Step.RETURN:
                raise
            run.take_interruption()
        else:
            return
