"""Fetch files from a copy: read, verify, deliver them as one stream in the order wanted.

The stream is the concatenation of the files, so nothing can be left out of it. The last bytes of a
file (up to a mebibyte) are released only when its digest has been verified. A file that cannot be
read, or is not what was archived, is tried again in another drive; when that fails too the job ends
with an error that names it. By then every file before it has been delivered whole, and the
console's own offset says so: it can have the others, and that one from another copy, with the next
fetch.
"""

from appliance.contract.messages import Fetch as Params
from appliance.contract.states import DriveState
from appliance.jobs.delivery import Delivery
from appliance.jobs.file_blocks import FileBlocks
from appliance.jobs.handling import have_in_drive
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Turn
from appliance.services.drives import Use


class FetchJob:
    """The steps of one fetch job."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._delivery = Delivery(run, params)

    async def prepare(self) -> Outcome:
        """Get the list and find each file in the catalogue, before a disc is moved for it."""
        await self._run.interruptible(self._delivery.wanted())
        return Outcome(Turn.GOOD, self._run.record)

    async def load(self) -> Outcome:
        """The medium into a drive that has not failed with it."""
        avoid = frozenset(self._run.record.facts.failed_drives)
        seat = await have_in_drive(self._run, Use.READ, avoid)
        return Outcome(Turn.GOOD, self._run.changed(drive=seat.name))

    async def read(self) -> Outcome:
        """Read and send until the console has everything."""
        files = await self._delivery.begin()
        with self._run.working(DriveState.READING) as seat:
            async with self._run.mover.at_rest():
                reader = await seat.drive.open_reader()
            try:
                blocks = FileBlocks(reader, files, self._params.medium_id)
                await self._run.interruptible(self._delivery.send_all(blocks.stream))
            finally:
                await reader.aclose()
        return await self._delivery.delivered()
