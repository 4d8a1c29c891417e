"""Write one volume to a disk or a tape that has room, and read all of it back.

Nothing that is on the medium is ever replaced. A writing that was broken off counts for nothing: on
a disk nothing of it remains, on a tape its file is passed over, and the volume is written again.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from functools import partial

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn as Params
from appliance.contract.states import JobState
from appliance.jobs.burn import BurnJob, head_of
from appliance.jobs.carrier_copies import record_carrier_copy
from appliance.jobs.carrier_handling import (
    bring,
    give_back,
    holding_of,
    holdings_of,
    shelf_of,
)
from appliance.jobs.content_access import ContentAccess
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.holdings import Holding, HoldingState
from appliance.services.shelf import ShelfVolume, in_thread
from appliance.volume.errors import VolumeError
from hal.errors import HalError


class CarrierBurnJob:
    """The steps of one such job. Holds the volume's layout once it is known."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._use = run.use
        self._volume: ShelfVolume | None = None

    async def prepare(self) -> Outcome:
        """As for a disc: the plan on our own disk, its files in the catalogue."""
        return await BurnJob(self._run, self._params).prepare()

    async def allocate(self) -> Outcome:
        """Reserve a medium with room. While the job waits it keeps no plan in memory."""
        await self._run.pass_gate(self._use.gates.burning)
        async with self._use.preparing:
            footprint_bytes = (await self._laid_out()).footprint_bytes
        self._volume = None
        with self._run.waiting(f"{self._params.medium_kind} with room"):
            carrier = await self._run.interruptible(
                shelf_of(self._run).reserve_room(
                    self._run.id, self._params.volume_id, footprint_bytes
                )
            )
        return Outcome(Turn.GOOD, self._run.changed(medium_id=carrier.id))

    async def load(self) -> Outcome:
        """Have the medium ready; what comes next depends on what this job has put on it."""
        run, facts = self._run, self._run.record.facts
        name = await bring(run, (*facts.failed_drives, *facts.failed_burners))
        record = run.changed(drive=name)
        holding = holdings_of(run).find(run.record.medium_id or "", self._params.volume_id)
        if holding is None or holding.job_id != run.id:
            return Outcome(Turn.GOOD, record)
        if holding.state is not HoldingState.WRITING:
            return Outcome(Turn.WRITTEN, record)
        if await shelf_of(run).find_written(holding, await self._laid_out()):
            note = partial(holdings_of(run).finish, holding.number)
            return Outcome(Turn.WRITTEN, record, note)
        note = partial(holdings_of(run).mark, holding.number, HoldingState.SPOILED)
        return Outcome(Turn.GOOD, record, note)

    async def check(self) -> Outcome:
        """Make sure that this very medium may be written and has room."""
        run = self._run
        volume = await self._laid_out()
        await shelf_of(run).check(run.record.medium_id or "", run.id, volume)
        return Outcome(Turn.GOOD, run.record)

    async def burn(self) -> Outcome:
        """Write. The first bytes of the content are there before the medium is touched."""
        run, volume = self._run, await self._laid_out()
        await run.pass_gate(self._use.gates.burning)
        self._plan_progress(volume)
        run.progress.begin(Step.BURN)
        access = ContentAccess(run, self._params.content)
        payload = access.payload(sum(file.size_bytes for file in volume.plan.files))
        began_s = asyncio.get_running_loop().time()
        try:
            head = await run.interruptible(head_of(payload))
            holding = holdings_of(run).begin(
                run.record.medium_id or "", self._params.volume_id, run.id, volume.size_bytes
            )
            async with aclosing(_joined(head, payload)) as content:
                writing = shelf_of(run).write(holding, volume, content, run.advance)
                tape_file = await run.interruptible(writing)
        except VolumeError as error:
            raise SteleError(
                3301, f"the content sent for {self._params.volume_id} is damaged: {error.message}"
            ) from error
        run.progress.complete()
        facts = msgspec.structs.replace(
            run.record.facts,
            burn_drive=run.record.drive,
            burn_s=asyncio.get_running_loop().time() - began_s,
        )
        note = partial(holdings_of(run).finish, holding.number, tape_file)
        return Outcome(Turn.GOOD, run.changed(facts=facts), note)

    async def verify(self) -> Outcome:
        """Read everything back; then the copy counts."""
        run, volume = self._run, await self._laid_out()
        self._plan_progress(volume)
        run.progress.begin(Step.VERIFY)
        holding = holding_of(run, self._params.volume_id)
        began_s = asyncio.get_running_loop().time()
        bytes_read = await run.interruptible(shelf_of(run).verify(holding, volume, run.advance))
        run.progress.complete()
        seconds = asyncio.get_running_loop().time() - began_s
        note = partial(record_carrier_copy, run, holding, volume, bytes_read, seconds)
        return Outcome(Turn.GOOD, run.record, note)

    async def give_back(self) -> Outcome:
        """Put back; of a cancelled writing nothing stays that can be removed."""
        run = self._run
        if run.record.ending is JobState.CANCELLED and (spoiled := self._spoiled()):
            with suppress(HalError):
                await shelf_of(run).discard(spoiled, await self._laid_out())
        return await give_back(run)

    def _spoiled(self) -> Holding | None:
        """What this job has written in vain on its present medium."""
        held = holdings_of(self._run).on(self._run.record.medium_id or "")
        mine = [h for h in held if h.job_id == self._run.id]
        return mine[-1] if mine and mine[-1].state is HoldingState.SPOILED else None

    def _plan_progress(self, volume: ShelfVolume) -> None:
        size_bytes = volume.size_bytes
        self._run.progress.plan({Step.BURN: size_bytes, Step.VERIFY: size_bytes})

    async def _laid_out(self) -> ShelfVolume:
        """The volume's layout, kept from the writing to the verification."""
        if self._volume is not None:
            return self._volume
        plan = await self._use.plans.load(self._params.plan_sha256)
        volume: ShelfVolume = await in_thread(shelf_of(self._run).lay_out, plan)
        self._volume = volume
        return volume


async def _joined(head: list[bytes], rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in head:
        yield piece
    async for piece in rest:
        yield piece
