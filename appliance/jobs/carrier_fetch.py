"""Fetch files from a disk or tape: read, verify, deliver them as one stream in the order wanted.

As from a disc: the last piece of a file (up to a mebibyte) is released only when the file's digest
has been verified, so every file that arrives whole is right.
"""

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial

from appliance.contract.errors import SteleError
from appliance.contract.messages import Fetch as Params
from appliance.jobs.carrier_handling import bring, holding_of, shelf_of
from appliance.jobs.delivery import Delivery
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Turn
from appliance.services.catalogue import FilePlace
from appliance.services.shelf import FileReader, in_thread

NOT_AS_ARCHIVED = 3308


class CarrierFetchJob:
    """The steps of one such job."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._delivery = Delivery(run, params)

    async def prepare(self) -> Outcome:
        """Get the list and find each file in the catalogue, before a medium is moved for it."""
        await self._run.interruptible(self._delivery.wanted())
        return Outcome(Turn.GOOD, self._run.record)

    async def load(self) -> Outcome:
        name = await bring(self._run, self._run.record.facts.failed_drives)
        return Outcome(Turn.GOOD, self._run.changed(drive=name))

    async def read(self) -> Outcome:
        """Read and send until the console has everything."""
        run = self._run
        files = await self._delivery.begin()
        known = run.use.library.catalogue.require_volume(self._params.volume_id)
        plan = await run.use.plans.load(known.plan_sha256)
        volume = await in_thread(shelf_of(run).lay_out, plan)
        paths = {file.path for file in files}
        indexes = {file.path: n for n, file in enumerate(plan.files) if file.path in paths}
        holding = holding_of(run, self._params.volume_id)
        reader = await shelf_of(run).open_files(holding, volume)
        try:
            chunks = partial(verified_chunks, reader, files, indexes)
            await run.interruptible(self._delivery.send_all(chunks))
        finally:
            await reader.aclose()
        return await self._delivery.delivered()


async def verified_chunks(
    reader: FileReader, files: Sequence[FilePlace], indexes: Mapping[str, int], offset: int
) -> AsyncGenerator[bytes, None]:
    """The concatenated files from byte `offset` on; `indexes` are those in the plan, by path.

    Raises:
        SteleError: 3308 a file is not what was archived; every file before it was given.
    """
    begins = 0
    for file in files:
        if begins + file.size_bytes > offset:
            at = begins
            async for piece in _verified(reader, file, indexes[file.path]):
                if at + len(piece) > offset:
                    yield piece[max(0, offset - at) :]
                at += len(piece)
        begins += file.size_bytes


async def _verified(reader: FileReader, file: FilePlace, index: int) -> AsyncGenerator[bytes, None]:
    digest, held, size_bytes = hashlib.sha256(), b"", 0
    async for piece in reader.read(index):
        if held:
            yield held
        digest.update(piece)
        size_bytes += len(piece)
        held = piece
    if size_bytes != file.size_bytes or digest.digest() != file.sha256:
        raise SteleError(NOT_AS_ARCHIVED, f"file {file.path!r} is not what was archived")
    yield held
