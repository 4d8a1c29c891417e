"""Take an inventory: look into slots with the robot's probe, and give drives another chance.

By identity each disc is then read in a drive; by camera each is shown to the printer's camera.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack

from appliance.contract.errors import info_of
from appliance.contract.messages import InventoryBy
from appliance.contract.messages import TakeInventory as Params
from appliance.contract.states import SlotState
from appliance.jobs.identity import Identity, identify
from appliance.jobs.label_survey import LabelSurvey
from appliance.jobs.release import have_at_rest
from appliance.jobs.run import JobInterruptedError, JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.drives import Use
from appliance.services.recognition import Recognition
from appliance.services.reconciliation import look_again
from appliance.services.slots import Slot
from appliance.services.units import LibraryUnit
from hal.errors import HalError

LOOK_SHARE = 8
"""How much longer it takes to read a disc, or to show it to the camera, than to probe its slot."""

_KEEPS_FROM_READING = (10, 20, 21)
"""Hundreds of the codes of links, robots and drives."""


class SurveyJob:
    """The one step of an inventory. Slots that were looked into already are not looked into again
    after a restart."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._done = 0
        """Shares of the work: one a slot that was probed, `LOOK_SHARE` a disc."""
        self._labels: LabelSurvey | None = None

    async def survey(self) -> Outcome:
        """Look into each slot, every unit by itself; between two slots others may have the robot.

        When a unit fails the others are looked into all the same, and then the failure is told.
        """
        library = self._run.use.library
        wanted = set(self._params.slots)
        slots = [slot for slot in library.slots.all() if not wanted or slot.name in wanted]
        by_presence = self._params.by is InventoryBy.PRESENCE
        shares = len(slots) * (1 if by_presence else 1 + LOOK_SHARE)
        self._done = 0
        self._run.progress.plan({Step.SURVEY: shares}, in_bytes=False)
        self._run.progress.begin(Step.SURVEY)
        if self._params.by is InventoryBy.CAMERA:
            self._labels = LabelSurvey(self._run)
            await self._labels.require_view()
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
        return Outcome(Turn.GOOD, self._run.record, self._labels.judge if self._labels else None)

    async def give_back(self) -> Outcome:
        """After a cancellation or a failure: no disc is left in the printer's tray."""
        if self._params.by is InventoryBy.CAMERA:
            labels = LabelSurvey(self._run)
            for unit in self._run.use.library.units:
                await labels.clear_tray(unit)
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
                    self._advance(1)
                else:
                    self._advance(1, worked=False)
        if slots:
            await look_again(library, unit)
        if self._params.by is InventoryBy.IDENTITY:
            await self._identify(unit, slots)
        if self._labels is not None:
            wanted = [slot for slot in slots if self._labels.wants(slot)]
            self._advance(LOOK_SHARE * (len(slots) - len(wanted)), worked=False)
            await self._labels.look(unit, wanted, lambda: self._advance(LOOK_SHARE))

    def _advance(self, shares: int, *, worked: bool = True) -> None:
        """Shares that cost no time say nothing of how long the others will take."""
        self._done += shares
        if worked:
            self._run.advance(self._done)
        else:
            self._run.progress.begin(Step.SURVEY, self._done)

    async def _identify(self, unit: LibraryUnit, slots: list[Slot]) -> None:
        """Read each disc in a drive; one that cannot be read is left as it is, with an alarm."""
        run, library = self._run, self._run.use.library
        found = {}
        wanted = [slot for slot in slots if self._has_disc(slot)] if not unit.by_hand else []
        self._advance(LOOK_SHARE * (len(slots) - len(wanted)), worked=False)
        for slot in wanted:
            run.check_interrupted()
            medium = library.media.with_home(slot.name)
            if medium is None or not medium.is_home:
                self._advance(LOOK_SHARE)
                continue
            await have_at_rest(run, medium.id)
            seat = await run.interruptible(
                library.drives.acquire(run.id, Use.READ, frozenset(), unit.name)
            )
            try:
                await library.bring(medium.id, seat)
                found[medium.id] = await identify(seat.drive, unit.mover)
                self._forgive(medium.id)
            except HalError as error:
                library.alarms.sound(f"medium:{medium.id}", info_of(error))
            finally:
                await library.put_away(medium.id, seat)
                library.reservations.drop(medium.id, run.id)
            self._advance(LOOK_SHARE)
        self._recognise(found)

    def _forgive(self, medium_id: str) -> None:
        """What kept an earlier inventory from reading the disc is over: it was read."""
        alarms, place = self._run.use.library.alarms, f"medium:{medium_id}"
        for error in alarms.standing(place):
            if error.code // 100 in _KEEPS_FROM_READING:
                alarms.clear(place, error.code)

    def _has_disc(self, slot: Slot) -> bool:
        medium = self._run.use.library.media.with_home(slot.name)
        return medium is not None and medium.is_home

    def _recognise(self, found: Mapping[str, Identity]) -> None:
        run, library = self._run, self._run.use.library
        Recognition(run.use.db, library.media, library.losses, library.alarms).recognise(found)
