"""What a fetch delivers: the list of wanted files, and their bytes as one resumable stream."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from appliance.contract.errors import SteleError
from appliance.contract.messages import ContentRef, Fetch, FetchItem, FilesDelivered
from appliance.jobs.content_access import ContentAccess
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.catalogue import FilePlace
from appliance.services.content import ContentBrokenError

Chunks = Callable[[int], AsyncGenerator[bytes, None]]
"""The concatenated files from a byte on, verified."""


class Delivery:
    """One fetch's. Holds the list of files once the console has sent it."""

    def __init__(self, run: JobRun, params: Fetch) -> None:
        self._run = run
        self._params = params
        self._use = run.use
        self._access = ContentAccess(run, params.content)
        self._files: list[FilePlace] | None = None

    async def begin(self) -> list[FilePlace]:
        """The wanted files; the progress of reading them begins."""
        files = await self._run.interruptible(self.wanted())
        self._run.progress.plan({Step.READ: sum(file.size_bytes for file in files)})
        self._run.progress.begin(Step.READ)
        return files

    async def send_all(self, chunks: Chunks) -> None:
        """Send until the console has everything."""
        total = sum(file.size_bytes for file in await self.wanted())
        send = partial(self._send, chunks, total)
        while await self._access.reach(send) < total:
            pass

    async def delivered(self) -> Outcome:
        """The step's outcome once everything is there."""
        files = await self.wanted()
        total = sum(file.size_bytes for file in files)
        self._run.progress.complete()
        event = FilesDelivered(
            self._run.id, self._params.fetch_id, self._run.own_medium.id, len(files), total
        )
        return Outcome(Turn.GOOD, self._run.record, partial(self._use.events.append, event))

    async def wanted(self) -> list[FilePlace]:
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

    async def _send(self, chunks: Chunks, total: int, ref: ContentRef) -> int:
        """Send what the console does not have yet; returns how much it has then."""
        before = await self._use.content.upload_offset(ref)
        if before >= total:
            return before
        self._run.progress.begin(Step.READ, before)
        async with aclosing(self._counted(chunks, before)) as counted:
            after = await self._use.content.upload(ref, before, counted)
        if after <= before:
            raise ContentBrokenError(f"the console still has {after} of {total} bytes")
        return after

    async def _counted(self, chunks: Chunks, offset: int) -> AsyncGenerator[bytes, None]:
        async with aclosing(chunks(offset)) as stream:
            async for chunk in stream:
                yield chunk
                offset += len(chunk)
                self._run.advance(offset)
