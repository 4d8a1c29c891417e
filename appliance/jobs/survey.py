"""Take an inventory: look into slots with the robot's probe, and give drives another chance."""

import asyncio
from contextlib import ExitStack

from appliance.contract.errors import info_of
from appliance.contract.messages import InventoryBy
from appliance.contract.messages import TakeInventory as Params
from appliance.contract.states import SlotState
from appliance.jobs.identity import identify
from appliance.jobs.release import have_at_rest
from appliance.jobs.run import JobInterruptedError, JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.drives import Use
from appliance.services.recognition import Recognition
from appliance.services.reconciliation import look_again
from appliance.services.slots import Slot
from appliance.services.units import LibraryUnit
from hal.errors import HalError


class SurveyJob:
    """The one step of an inventory. Slots that were looked into already are not looked into again
    after a restart."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._done = 0

    async def survey(self) -> Outcome:
        """Look into each slot, every unit by itself; between two slots others may have the robot.

        When a unit fails the others are looked into all the same, and then the failure is told.
        """
        library = self._run.use.library
        wanted = set(self._params.slots)
        slots = [slot for slot in library.slots.all() if not wanted or slot.name in wanted]
        self._run.progress.plan({Step.SURVEY: len(slots)})
        self._run.progress.begin(Step.SURVEY)
        parts = []
        for unit in library.units:
            surveying = ExitStack()
            if unit.ready.is_set():  # at once, so that a job without a blank waits for this
                surveying.enter_context(library.surveying())
            of_unit = [slot for slot in slots if slot.unit == unit.name]
            parts.append(self._survey_unit(unit, of_unit, surveying))
        results = await asyncio.gather(*parts, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            interruptions = [f for f in failures if isinstance(f, JobInterruptedError)]
            raise (interruptions or failures)[0]
        return Outcome(Turn.GOOD, self._run.record)

    async def _survey_unit(
        self, unit: LibraryUnit, slots: list[Slot], surveying: ExitStack
    ) -> None:
        library, since = self._run.use.library, self._run.record.received_at
        with surveying:
            if slots and not unit.ready.is_set():
                await self._run.interruptible(unit.ready.wait())
                surveying.enter_context(library.surveying())
            for slot in slots:
                self._run.check_interrupted()
                if (
                    slot.probed_at is None
                    or slot.probed_at < since
                    or slot.state is SlotState.UNKNOWN
                ):
                    await library.survey(slot.name)
                self._done += 1
                self._run.advance(self._done)
        if slots:
            await look_again(library, unit)
        if self._params.by is InventoryBy.IDENTITY:
            await self._identify(unit, slots)

    async def _identify(self, unit: LibraryUnit, slots: list[Slot]) -> None:
        """Read each disc in a drive; one that cannot be read is left as it is, with an alarm."""
        run, library = self._run, self._run.use.library
        found = {}
        for slot in slots:
            medium = library.media.with_home(slot.name)
            if medium is None or not medium.is_home or unit.by_hand:
                continue
            run.check_interrupted()
            await have_at_rest(run, medium.id)
            seat = await run.interruptible(
                library.drives.acquire(run.id, Use.READ, frozenset(), unit.name)
            )
            try:
                await library.bring(medium.id, seat)
                found[medium.id] = await identify(seat.drive, unit.mover)
            except HalError as error:
                library.alarms.sound(f"medium:{medium.id}", info_of(error))
            finally:
                await library.put_away(medium.id, seat)
                library.reservations.drop(medium.id, run.id)
        Recognition(run.use.db, library.media, library.losses, library.alarms).recognise(found)
