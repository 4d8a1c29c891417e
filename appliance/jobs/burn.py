"""Burn one volume: a blank, a drive, every byte, every sector read back, home again.

A disc whose burn has begun is never burned again (I7). After a restart it is verified: if all of it
is there and right it is accepted, otherwise it is condemned and the volume burned on another.
"""

from collections.abc import AsyncIterator
from functools import partial

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn as Params
from appliance.contract.states import DriveState, MediumState
from appliance.jobs.content_access import ContentAccess
from appliance.jobs.copies import copy_of, record_copy
from appliance.jobs.handling import have_in_drive
from appliance.jobs.image_source import image_bytes
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.jobs.verification import DISC_SHORT, verify_disc
from appliance.services.drives import Seat, Use
from appliance.volume.errors import VolumeError
from appliance.volume.image import Image
from hal.interfaces.optical_drive import BurnProgress, DiscStatus

HEAD_BYTES = 4 << 20
"""So much of the image is made, and its digests checked, before a disc is touched."""


class BurnJob:
    """The steps of one burn job. Holds the image's layout once it is known."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params
        self._use = run.use
        self._image: Image | None = None

    async def prepare(self) -> Outcome:
        """Have the plan on our own disk, checked, and its files in the catalogue.

        A large plan takes much memory, so only some jobs prepare at once, and none keeps its
        plan in memory while it waits for a drive.
        """
        with self._run.waiting("its turn"):
            await self._run.interruptible(self._use.preparing.acquire())
        try:
            await self._run.interruptible(self._prepare())
        finally:
            self._use.preparing.release()
        return Outcome(Turn.GOOD, self._run.record)

    async def _prepare(self) -> None:
        digest, volume_id = self._params.plan_sha256, self._params.volume_id
        if not self._use.plans.has(digest):
            access = ContentAccess(self._run, self._params.content)
            await self._use.plans.keep(await access.reach(self._use.content.plan), digest)
        image = await self._use.plans.layout(digest)
        if image.plan.identity.volume_id != volume_id:
            raise SteleError(3303, f"the plan sent for {volume_id} is of another volume")
        if image.size_bytes != self._params.image_size_bytes:
            raise SteleError(
                3313,
                f"volume {volume_id} makes an image of {image.size_bytes} bytes, not of the "
                f"{self._params.image_size_bytes} that were ordered",
            )
        await self._use.library.catalogue.enter_volume(image, digest)

    async def allocate(self) -> Outcome:
        """Reserve a blank, once the air is fit for burning."""
        await self._run.pass_gate(self._use.gates.burning)
        with self._run.waiting("blank disc"):
            medium = await self._run.interruptible(
                self._use.library.reserve_blank(self._run.id, self._params.image_size_bytes)
            )
        return Outcome(Turn.GOOD, self._run.changed(medium_id=medium.id))

    async def load(self) -> Outcome:
        """The medium into a drive that has not failed; what comes next depends on the medium."""
        facts = self._run.record.facts
        blank = self._run.own_medium.state.may_be_burned
        avoid = facts.failed_burners if blank else facts.failed_drives
        seat = await have_in_drive(self._run, Use.WRITE if blank else Use.READ, frozenset(avoid))
        turn = Turn.GOOD if blank else Turn.WRITTEN
        return Outcome(turn, self._run.changed(drive=seat.name))

    async def check(self) -> Outcome:
        """Ask the drive what this very disc is, and how much it takes."""
        seat, medium = self._run.own_seat, self._run.own_medium
        disc = await seat.drive.disc()
        if disc.status is not DiscStatus.BLANK or disc.damaged:
            error = SteleError(
                3304, f"medium {medium.id} is not blank: drive {seat.name} says {disc.status}"
            )
            self._use.library.media.mark(medium.id, MediumState.FOREIGN, error.info)
            raise error
        self._use.library.media.measure(medium.id, disc.capacity_bytes)
        size_bytes = self._params.image_size_bytes
        if disc.capacity_bytes is not None and disc.capacity_bytes < size_bytes:
            raise SteleError(
                3305, f"medium {medium.id} takes {disc.capacity_bytes} bytes, not {size_bytes}"
            )
        return Outcome(Turn.GOOD, self._run.record)

    async def burn(self) -> Outcome:
        """Make the image on the way and write it. From its first byte on the medium is spent."""
        await self._run.pass_gate(self._use.gates.burning)
        image = await self._layout()
        medium = self._run.own_medium
        self._run.progress.plan({Step.BURN: image.size_bytes, Step.VERIFY: image.size_bytes})
        self._run.progress.begin(Step.BURN)
        access = ContentAccess(self._run, self._params.content)
        pieces = image_bytes(image, access.payload(image.payload_bytes))
        try:
            with self._run.working(DriveState.BURNING) as seat:
                head = await self._run.interruptible(head_of(pieces))
                burning = seat.drive.burn(
                    self._written(head, pieces), image.size_bytes, on_progress=self._progress
                )
                result = await self._run.interruptible(burning)
        except VolumeError as error:
            raise SteleError(
                3301, f"the content sent for {self._params.volume_id} is damaged: {error.message}"
            ) from error
        finally:
            await pieces.aclose()
        self._run.progress.complete()
        facts = msgspec.structs.replace(
            self._run.record.facts, burn_drive=seat.name, burn_s=result.seconds
        )
        note = partial(self._use.library.media.mark, medium.id, MediumState.WRITTEN)
        return Outcome(Turn.GOOD, self._run.changed(facts=facts), note)

    async def verify(self) -> Outcome:
        """Read every sector back; then the copy counts."""
        image = await self._layout()
        self._run.progress.plan({Step.BURN: image.size_bytes, Step.VERIFY: image.size_bytes})
        self._run.progress.begin(Step.VERIFY)
        with self._run.working(DriveState.VERIFYING) as seat:
            await self._require_whole(seat)
            reading = await self._run.interruptible(
                verify_disc(seat.drive, self._run.mover, image, self._run.advance)
            )
        self._run.progress.complete()
        copy = copy_of(self._params, self._params.plan_sha256, image)
        note = partial(record_copy, self._run, copy, reading)
        turn = Turn.LABEL if self._params.label_print else Turn.GOOD
        return Outcome(turn, self._run.record, note)

    async def _require_whole(self, seat: Seat) -> None:
        """A burn that was broken off is what its drive says it is: no reading, no second drive.

        When the drive finds nothing missing only a reading tells whether the copy is good.
        """
        medium = self._run.own_medium
        if medium.state is not MediumState.BURNING:
            return
        disc = await seat.drive.disc()
        if disc.damaged or disc.status is DiscStatus.BLANK:
            raise SteleError(
                DISC_SHORT,
                f"the burn of medium {medium.id} was broken off: drive {seat.name} says "
                f"{disc.status}{', damaged' if disc.damaged else ''}",
            )

    async def _layout(self) -> Image:
        """The image's layout, kept from the burn to the verification."""
        if self._image is None:
            self._image = await self._use.plans.layout(self._params.plan_sha256)
        return self._image

    async def _written(
        self, head: list[bytes], pieces: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """The image as the drive takes it; the first taking is the point of no return."""
        medium_id = self._run.own_medium.id
        self._use.library.media.begin_burn(medium_id, self._params.volume_id, self._params.label)
        for piece in head:
            yield piece
        async for piece in pieces:
            yield piece

    def _progress(self, progress: BurnProgress) -> None:
        self._run.advance(progress.bytes_written)


async def head_of(pieces: AsyncIterator[bytes]) -> list[bytes]:
    """The first `HEAD_BYTES` of a stream, or all of it."""
    head: list[bytes] = []
    size_bytes = 0
    async for piece in pieces:
        head.append(piece)
        size_bytes += len(piece)
        if size_bytes >= HEAD_BYTES:
            break
    return head
