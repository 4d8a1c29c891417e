"""What comes before any job after a start: the hardware is asked, jobs get back what they had."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any

from appliance.contract.errors import info_of
from appliance.contract.messages import Burn, PrintLabel
from appliance.jobs.run import JobRun
from appliance.services.alarms import Alarms
from appliance.services.library import LIBRARY, Library
from appliance.services.media import drive_place
from appliance.services.reconciliation import reconcile
from appliance.services.shelf import Shelf
from appliance.services.units import LibraryUnit

log = logging.getLogger(__name__)

AGAIN_S = 60.0
UNEXPECTED = 5000


async def recover(library: Library, unit: LibraryUnit, runs: Collection[JobRun]) -> None:
    """Return when it is known where each of the unit's media is and the unfinished jobs have
    theirs again."""
    while True:
        wanted = {run.record.medium_id for run in runs if run.record.medium_id}
        try:
            await reconcile(library, unit, wanted)
        except Exception as error:
            log.exception("the hardware cannot be reconciled with the catalogue")
            library.alarms.sound(LIBRARY, info_of(error))
        else:
            break
        await asyncio.sleep(AGAIN_S)
    library.alarms.clear(LIBRARY, UNEXPECTED)
    _give_back(library, unit, runs)


def _give_back(library: Library, unit: LibraryUnit, runs: Collection[JobRun]) -> None:
    """Each job gets the drive that its medium is in; a burn job, whose medium is its own, that."""
    for seat in library.drives.of_unit(unit.name):
        medium = library.media.at(drive_place(seat.name))
        owners = [run for run in runs if medium and run.record.medium_id == medium.id]
        if medium is not None and owners:
            owner = next((run for run in owners if run.record.drive == seat.name), owners[0])
            library.drives.claim(seat.name, owner.id)
            library.reservations.adopt(medium.id, owner.id)
    for run in runs:
        medium = run.medium
        if (
            isinstance(run.record.body, Burn | PrintLabel)
            and medium
            and library.units.find(medium) is unit
        ):
            library.reservations.adopt(medium.id, run.id)


async def begin_shelf(shelf: Shelf[Any], wanted: Mapping[str, str], alarms: Alarms) -> None:
    """Return when it is known which disks or tapes there are; tries as long as it takes.

    `wanted` are the media of unfinished jobs, with the job's id.
    """
    place = f"shelf:{shelf.kind}"
    while True:
        try:
            await shelf.begin({medium: job for medium, job in wanted.items() if medium})
        except Exception as error:
            log.exception("the %s shelf does not answer", shelf.kind)
            alarms.sound(place, info_of(error))
        else:
            break
        await asyncio.sleep(AGAIN_S)
    alarms.clear(place)
