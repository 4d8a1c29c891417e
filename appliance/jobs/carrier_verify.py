"""Verify one copy on a disk or tape: read everything and compare it with the plan."""

import asyncio
from functools import partial

from appliance.contract.messages import Verify as Params
from appliance.jobs.carrier_copies import record_carrier_copy
from appliance.jobs.carrier_handling import bring, holding_of, shelf_of
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.shelf import in_thread


class CarrierVerifyJob:
    """The steps of one such job."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params

    async def load(self) -> Outcome:
        name = await bring(self._run, self._run.record.facts.failed_drives)
        return Outcome(Turn.GOOD, self._run.changed(drive=name))

    async def verify(self) -> Outcome:
        """Read everything back."""
        run = self._run
        known = run.use.library.catalogue.require_volume(self._params.volume_id)
        plan = await run.use.plans.load(known.plan_sha256)
        volume = await in_thread(shelf_of(run).lay_out, plan)
        run.progress.plan({Step.VERIFY: volume.size_bytes})
        run.progress.begin(Step.VERIFY)
        holding = holding_of(run, self._params.volume_id)
        began_s = asyncio.get_running_loop().time()
        bytes_read = await run.interruptible(shelf_of(run).verify(holding, volume, run.advance))
        run.progress.complete()
        seconds = asyncio.get_running_loop().time() - began_s
        note = partial(record_carrier_copy, run, holding, volume, bytes_read, seconds)
        return Outcome(Turn.GOOD, run.record, note)
