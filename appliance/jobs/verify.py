"""Verify one copy: read every sector and compare it with the plan kept since the burn."""

from functools import partial

from appliance.contract.errors import SteleError
from appliance.contract.messages import Verify as Params
from appliance.contract.states import DriveState
from appliance.jobs.copies import copy_of, record_copy
from appliance.jobs.handling import have_in_drive
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.jobs.verification import verify_disc
from appliance.services.drives import Use


class VerifyJob:
    """The steps of one verify job."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._use = run.use

    async def load(self) -> Outcome:
        """The medium into a drive that has not failed with it."""
        avoid = frozenset(self._run.record.facts.failed_drives)
        seat = await have_in_drive(self._run, Use.READ, avoid)
        return Outcome(Turn.GOOD, self._run.changed(drive=seat.name))

    async def verify(self) -> Outcome:
        """Read every sector back."""
        volume = self._use.library.catalogue.volume(self._params.volume_id)
        if volume is None:
            raise SteleError(5108, f"volume {self._params.volume_id} is not in the catalogue")
        image = await self._use.plans.layout(volume.plan_sha256)
        self._run.progress.plan({Step.VERIFY: image.size_bytes})
        self._run.progress.begin(Step.VERIFY)
        with self._run.working(DriveState.VERIFYING) as seat:
            reading = await self._run.interruptible(
                verify_disc(seat.drive, self._run.mover, image, self._run.advance)
            )
        self._run.progress.complete()
        copy = copy_of(self._params, volume.plan_sha256, image)
        return Outcome(Turn.GOOD, self._run.record, partial(record_copy, self._run, copy, reading))
