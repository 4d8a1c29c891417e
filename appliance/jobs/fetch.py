"""Fetch files from a copy: read, verify, deliver them as one stream in the order wanted.

The stream is the concatenation of the files, so nothing can be left out of it. The last bytes of a
file (up to a mebibyte) are released only when its digest has been verified. A file that cannot be
read, or is not what was archived, is tried again in another drive; when that fails too the job ends
with an error that names it. By then every file before it has been delivered whole, and the
console's own offset says so: it can have the others, and that one from another copy, with the next
fetch.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from appliance.contract.errors import SteleError
from appliance.contract.messages import ContentRef, FetchItem, FilesDelivered
from appliance.contract.messages import Fetch as Params
from appliance.contract.states import DriveState
from appliance.jobs.content_access import ContentAccess
from appliance.jobs.file_blocks import FileBlocks
from appliance.jobs.handling import have_in_drive
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.catalogue import FilePlace
from appliance.services.content import ContentBrokenError
from appliance.services.drives import Use
from hal.interfaces.optical_drive import BlockReader


class FetchJob:
    """The steps of one fetch job. Holds the list of files once the console has sent it."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._use = run.use
        self._access = ContentAccess(run, params.content)
        self._files: list[FilePlace] | None = None

    async def prepare(self) -> Outcome:
        """Get the list and find each file in the catalogue, before a disc is moved for it."""
        await self._run.interruptible(self._wanted())
        return Outcome(Turn.GOOD, self._run.record)

    async def load(self) -> Outcome:
        """The medium into a drive that has not failed with it."""
        avoid = frozenset(self._run.record.facts.failed_drives)
        seat = await have_in_drive(self._run, Use.READ, avoid)
        return Outcome(Turn.GOOD, self._run.changed(drive=seat.name))

    async def read(self) -> Outcome:
        """Read and send until the console has everything."""
        files = await self._run.interruptible(self._wanted())
        total = sum(file.size_bytes for file in files)
        self._run.progress.plan({Step.READ: total})
        self._run.progress.begin(Step.READ)
        with self._run.working(DriveState.READING) as seat:
            async with self._run.mover.at_rest():
                reader = await seat.drive.open_reader()
            try:
                await self._run.interruptible(self._deliver(reader, files, total))
            finally:
                await reader.aclose()
        self._run.progress.complete()
        delivered = FilesDelivered(
            self._run.id, self._params.fetch_id, self._run.own_medium.id, len(files), total
        )
        return Outcome(Turn.GOOD, self._run.record, partial(self._use.events.append, delivered))

    async def _wanted(self) -> list[FilePlace]:
        if self._files is None:
            items = await self._access.reach(self._use.content.items)
            files = []
            for number, item in enumerate(items):
                files.append(self._place(item))
                if number % 1000 == 0:
                    await asyncio.sleep(0)
            self._files = files
        return self._files

    def _place(self, item: FetchItem) -> FilePlace:
        place = self._use.library.catalogue.file(self._params.volume_id, item.path)
        if place is None or place.size_bytes != item.size_bytes:
            raise SteleError(
                3310, f"volume {self._params.volume_id} has no file {item.path!r} of that size"
            )
        if place.sha256.hex() != item.sha256:
            raise SteleError(
                3310, f"{item.path!r} on volume {self._params.volume_id} has another digest"
            )
        return place

    async def _deliver(self, reader: BlockReader, files: list[FilePlace], total: int) -> None:
        send = partial(self._send, reader, files, total)
        while await self._access.reach(send) < total:
            pass

    async def _send(
        self, reader: BlockReader, files: list[FilePlace], total: int, ref: ContentRef
    ) -> int:
        """Send what the console does not have yet; returns how much it has then."""
        before = await self._use.content.upload_offset(ref)
        if before >= total:
            return before
        self._run.progress.begin(Step.READ, before)
        async with aclosing(self._chunks(reader, files, before)) as chunks:
            after = await self._use.content.upload(ref, before, chunks)
        if after <= before:
            raise ContentBrokenError(f"the console still has {after} of {total} bytes")
        return after

    async def _chunks(
        self, reader: BlockReader, files: list[FilePlace], offset: int
    ) -> AsyncGenerator[bytes, None]:
        """The stream from `offset` on."""
        blocks = FileBlocks(reader, files, self._params.medium_id)
        async with aclosing(blocks.stream(offset)) as stream:
            async for chunk in stream:
                yield chunk
                offset += len(chunk)
                self._run.advance(offset)
