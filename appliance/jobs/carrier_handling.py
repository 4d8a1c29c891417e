"""The steps that every job with a disk or tape shares."""

from typing import Any

import msgspec

from appliance.contract.errors import SteleError
from appliance.jobs.handling import let_go
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Turn
from appliance.services.carriers import Carriers
from appliance.services.holdings import Holding, Holdings
from appliance.services.shelf import Shelf

__all__ = ["carriers_of", "holding_of", "holdings_of", "let_go", "shelf_of"]

NO_MEANS = 5110


def shelf_of(run: JobRun) -> Shelf[Any]:
    """The shelf of the job's kind of medium.

    Raises:
        SteleError: 5110 this appliance has none.
    """
    shelf = run.shelf
    if shelf is None:
        raise SteleError(NO_MEANS, f"this appliance has no place for the medium of job {run.id}")
    return shelf


def carriers_of(run: JobRun) -> Carriers:
    return run.own_stores.carriers


def holdings_of(run: JobRun) -> Holdings:
    return run.own_stores.holdings


def holding_of(run: JobRun, volume_id: str) -> Holding:
    """The volume on the job's medium.

    Raises:
        SteleError: 5108 it is not there.
    """
    holding = holdings_of(run).find(run.record.medium_id or "", volume_id)
    if holding is None:
        message = f"medium {run.record.medium_id} holds no copy of volume {volume_id}"
        raise SteleError(5108, message)
    return holding


async def bring(run: JobRun, avoid: tuple[str, ...]) -> str:
    """Have the job's medium ready; the name of its bay or drive."""
    medium_id = run.record.medium_id or ""
    with run.waiting(f"medium {medium_id}"):
        act = run.use.library.reservations.take(medium_id, run.id)
        await run.interruptible(act)
    with run.waiting("drive"):
        return await run.interruptible(shelf_of(run).bring(medium_id, run.id, frozenset(avoid)))


async def swap(run: JobRun) -> Outcome:
    """Put back, to go on with the same medium in another drive."""
    await shelf_of(run).put_back(run.record.medium_id or "", run.id)
    return Outcome(Turn.GOOD, run.changed(drive=None))


async def set_aside(run: JobRun) -> Outcome:
    """Put back; the job goes on without this medium."""
    if run.record.medium_id is not None:
        await shelf_of(run).put_back(run.record.medium_id, run.id)
    record = let_go(run.record)
    facts = msgspec.structs.replace(record.facts, failed_burners=())
    return Outcome(Turn.GOOD, msgspec.structs.replace(record, facts=facts))


async def give_back(run: JobRun) -> Outcome:
    """Put back; the job's end is decided."""
    if run.record.medium_id is not None:
        await shelf_of(run).put_back(run.record.medium_id, run.id)
    return Outcome(Turn.GOOD, run.changed(drive=None))
