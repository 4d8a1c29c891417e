"""The disk bays as a shelf: volumes on disks as bag folders."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, closing
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo, LibraryTelemetry
from appliance.contract.states import MediumKind, MediumState
from appliance.services.alarms import Alarms
from appliance.services.carriers import TAKING, Carrier, Carriers
from appliance.services.disks import identity
from appliance.services.disks.bag_disk import (
    WRITE_FAILED,
    BagOnDisk,
    BagWriter,
    discard,
    is_there,
)
from appliance.services.disks.drawers import Drawers
from appliance.services.disks.recognition import Recognition
from appliance.services.disks.views import BayViews
from appliance.services.disks.watch import DiskWatch
from appliance.services.holdings import Holding, Holdings
from appliance.services.losses import Losses
from appliance.services.power.disks import DiskPower
from appliance.services.reservations import Reservations
from appliance.services.room import choose_room
from appliance.services.shelf import (
    CARRIER_BAD,
    FOREIGN_DATA,
    NOT_THERE,
    TOO_FULL,
    Advance,
    FileReader,
    in_thread,
)
from appliance.volume.bag_folder import BagFolder
from appliance.volume.plan import VolumePlan
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay

_FULL = (ENOSPC, EDQUOT, EFBIG)
_NOT_BLANK = (3244, 3247)

log = logging.getLogger(__name__)


class _Stay(NamedTuple):
    """A disk that is kept on for a job."""

    disk: DiskBay
    keeping: AsyncExitStack


class DiskShelf:
    """`Shelf` of all bays of one appliance."""

    kind = MediumKind.DISK

    def __init__(
        self,
        bays: Mapping[str, DiskBay],
        power: DiskPower,
        *,
        carriers: Carriers,
        holdings: Holdings,
        reservations: Reservations,
        losses: Losses,
        alarms: Alarms,
    ) -> None:
        self._bays = bays
        self._power = power
        self._carriers = carriers
        self._holdings = holdings
        self._reservations = reservations
        self._alarms = alarms
        self._recognition = Recognition(carriers, alarms)
        self._watch = DiskWatch(
            bays, power, self._recognition, carriers=carriers, losses=losses, alarms=alarms
        )
        self.drawers = Drawers(bays, power, carriers)
        """How disks come in and go out by a person's hand."""
        self._views = BayViews(power, carriers, holdings, reservations, alarms)
        self._stays: dict[str, _Stay] = {}
        self.ready = asyncio.Event()

    async def begin(self, wanted: Mapping[str, str]) -> None:
        """See which bays have a disk, and look at each disk that is not known to be there."""
        for stay in self._stays.values():  # of jobs that were broken off: they begin anew
            await stay.keeping.aclose()
        self._stays.clear()
        await self._power.look()
        await self.drawers.hold_all()
        await self._watch.look_round()
        for medium_id, job_id in wanted.items():
            if self._carriers.find(medium_id) is not None:
                self._reservations.adopt(medium_id, job_id)
        self.ready.set()

    async def tend(self) -> None:
        """Notice disks that come and go."""
        await self._watch.go_on()

    def lay_out(self, plan: VolumePlan) -> BagFolder:
        return BagFolder(plan)

    async def reserve_room(self, job_id: str, volume_id: str, footprint_bytes: int) -> Carrier:
        medium_id = choose_room(
            [c for c in self._carriers.all(self.kind) if c.place.startswith("bay:")],
            volume_id,
            footprint_bytes,
            holdings=self._holdings,
            reservations=self._reservations,
            alarms=self._alarms,
        )
        await self._reservations.take(medium_id, job_id)
        return self._carriers.get(medium_id)

    async def bring(self, medium_id: str, job_id: str, _avoid: frozenset[str], /) -> str:
        """Have the disk on, and make sure that it is that very one."""
        await self._reservations.take(medium_id, job_id)
        stay = self._stays.get(job_id)
        if stay is not None:
            return stay.disk.name
        carrier = self._carriers.get(medium_id)
        if not carrier.place.startswith("bay:"):
            raise SteleError(NOT_THERE, f"disk {carrier.mark} ({medium_id}) is in no bay")
        bay = carrier.place.removeprefix("bay:")
        async with AsyncExitStack() as keeping:
            disk = await keeping.enter_async_context(self._power.powered(bay))
            found = await self._recognition.recognise(disk)
            if found.id != medium_id:
                self._watch.miss(medium_id, bay)
                raise SteleError(
                    NOT_THERE, f"in bay {bay} is disk {found.mark}, not {carrier.mark}"
                )
            self._stays[job_id] = _Stay(disk, keeping.pop_all())
        return bay

    async def check(self, medium_id: str, job_id: str, volume: BagFolder) -> None:
        """Mount the disk, after giving a new one a file system; see whether there is room."""
        carrier = self._carriers.get(medium_id)
        if carrier.state not in TAKING:
            error = carrier.error or ErrorInfo(CARRIER_BAD, f"disk {carrier.mark} is not used")
            raise SteleError(error.code, error.message)
        disk = self._stays[job_id].disk
        root = await self._root_for_writing(carrier, disk)
        try:
            found = await self._recognition.measure(medium_id, disk)
            mine = found.document is not None and found.document.serial == carrier.mark
            if not mine:
                if found.data or found.document is not None:
                    raise self._foreign(carrier)
                await in_thread(identity.claim, root, medium_id, carrier.mark)
            for name in await in_thread(identity.parts, root):
                await in_thread(shutil.rmtree, root / name, True)  # ignore_errors
            found = await self._recognition.measure(medium_id, disk)
            there = await in_thread(is_there, root, volume)
        except OSError as error:
            raise _write_failed(carrier.mark, error) from error
        if there:
            name = volume.plan.identity.volume_id
            raise SteleError(
                TOO_FULL, f"disk {carrier.mark} bears a folder of volume {name} already"
            )
        if found.free_bytes < volume.footprint_bytes:
            raise SteleError(
                TOO_FULL,
                f"disk {carrier.mark} has {found.free_bytes} bytes left, not "
                f"{volume.footprint_bytes}",
            )

    async def write(
        self, holding: Holding, volume: BagFolder, payload: AsyncIterator[bytes], advance: Advance
    ) -> int | None:
        """Write the folder; what is left of it is removed when that fails."""
        disk = self._stays[holding.job_id].disk
        carrier = self._carriers.get(holding.medium_id)
        root = await disk.ensure_mounted()
        self._carriers.mark(carrier.id, MediumState.WRITTEN)
        try:
            writer = await in_thread(BagWriter, root, volume)
            try:
                await in_thread(writer.begin)
                done = volume.size_bytes - sum(f.size_bytes for f in volume.plan.files)
                async for chunk in payload:
                    await in_thread(writer.feed, chunk)
                    done += len(chunk)
                    advance(done)
                await in_thread(writer.finish)
            finally:
                await in_thread(writer.close)
            await self._recognition.measure(carrier.id, disk)
        except OSError as error:
            raise _write_failed(carrier.mark, error) from error
        return None

    async def find_written(self, holding: Holding, volume: BagFolder) -> bool:
        """A folder that has its own name is whole."""
        root = await self._stays[holding.job_id].disk.ensure_mounted()
        return await in_thread(is_there, root, volume)

    async def verify(self, holding: Holding, volume: BagFolder, advance: Advance) -> int:
        bag = await self._open(holding, volume)
        done = 0
        with closing(bag):
            steps = bag.check()
            while (step := await in_thread(next, steps, None)) is not None:
                done += step
                advance(done)
        return done

    async def open_files(self, holding: Holding, volume: BagFolder) -> FileReader:
        return _DiskFiles(await self._open(holding, volume))

    async def discard(self, holding: Holding, volume: BagFolder) -> None:
        stay = self._stays.get(holding.job_id)
        if stay is not None:
            root = await stay.disk.ensure_mounted()
            try:
                await in_thread(discard, root, volume)
            except OSError as error:
                log.warning("folder %s was not removed: %s", volume.name, error)
            else:
                await self._recognition.measure(holding.medium_id, stay.disk)

    async def put_back(self, medium_id: str, job_id: str) -> None:
        """The disk is switched off when nobody has used it for a while."""
        self.leave(medium_id, job_id)

    def leave(self, medium_id: str, job_id: str) -> None:
        stay = self._stays.pop(job_id, None)
        if stay is not None:
            task = asyncio.ensure_future(stay.keeping.aclose())
            task.add_done_callback(_log_failure)
        self._reservations.drop(medium_id, job_id)

    def has_other(self, _avoid: frozenset[str], /) -> bool:
        """A disk has only the bay that it is in."""
        return False

    # Inside -----------------------------------------------------------------------------------

    async def _root_for_writing(self, carrier: Carrier, disk: DiskBay) -> Path:
        if carrier.state is MediumState.WRITTEN:
            return await disk.ensure_mounted()
        try:
            return await disk.ensure_formatted(carrier.id)
        except HalError as error:
            if error.code in _NOT_BLANK:
                raise self._foreign(carrier) from error
            raise

    def _foreign(self, carrier: Carrier) -> SteleError:
        error = SteleError(
            FOREIGN_DATA, f"disk {carrier.mark} holds data that is not of this archive"
        )
        self._carriers.mark(carrier.id, MediumState.FOREIGN, error.info)
        return error

    async def _open(self, holding: Holding, volume: BagFolder) -> BagOnDisk:
        disk = next(
            stay.disk
            for job_id, stay in self._stays.items()
            if self._reservations.holder(holding.medium_id) == job_id
        )
        return await in_thread(BagOnDisk, await disk.ensure_mounted(), volume)

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        views = self._views.draw(self._bays, self._recognition.health)
        return replace(picture, bays=[*picture.bays, *views])


class _DiskFiles:
    """`FileReader` of a bag folder."""

    def __init__(self, bag: BagOnDisk) -> None:
        self._bag = bag

    async def read(self, index: int) -> AsyncIterator[bytes]:
        pieces = self._bag.file_chunks(index)
        while (piece := await in_thread(next, pieces, None)) is not None:
            yield piece

    async def aclose(self) -> None:
        self._bag.close()


def _write_failed(mark: str, error: OSError) -> SteleError:
    if error.errno in _FULL:
        return SteleError(TOO_FULL, f"disk {mark} is full")
    reason = error.strerror or str(error)
    return SteleError(WRITE_FAILED, f"disk {mark} cannot be written: {reason}")


def _log_failure(task: "asyncio.Future[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("a disk could not be let go: %s", error)
