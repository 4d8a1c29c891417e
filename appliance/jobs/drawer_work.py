"""The part of a person's job that is done at the drawers of the disk bays."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from appliance.contract.errors import SteleError
from appliance.contract.messages import FileIn, TakeOut
from appliance.contract.states import MediumKind
from appliance.jobs.release import have_at_rest
from appliance.jobs.run import JobRun
from appliance.services.carriers import Carrier
from appliance.services.shelf import Shelf
from hal.errors import HalError

NOT_HERE, NOT_FREE, NOT_DONE = 2202, 2220, 2221


class DrawerWork(Protocol):
    """Drawers that a person is to use; none are no work at all."""

    @property
    def asked(self) -> str:
        """What the person is to do; empty for nothing."""
        ...

    async def open(self) -> None:
        """Return when each drawer has been used, or was not used in time."""
        ...


class _Work:
    """What both directions have in common."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._reasons: dict[str, str] = {}

    async def _ready(self) -> None:
        shelf = _disk_shelf(self._run)
        if shelf is not None and not shelf.ready.is_set():
            with self._run.waiting("disk bays"):
                await self._run.interruptible(shelf.ready.wait())

    async def _noting(self, bay: str, deed: Coroutine[Any, Any, bool]) -> None:
        """Keep why a drawer cannot be used; the others, and the slots, are not held up by it."""
        try:
            await deed
        except (HalError, SteleError) as error:
            self._reasons[bay] = str(error)

    def _why(self, bays: Sequence[str]) -> str:
        return "; ".join(self._reasons[bay] for bay in bays if bay in self._reasons)


class DisksOut(_Work):
    """Disks that a person is to pull."""

    def __init__(self, run: JobRun, media: Sequence[str]) -> None:
        super().__init__(run)
        self._stores = run.use.stores
        found = (self._stores.carriers.find(name) for name in media) if self._stores else ()
        self._ids = [carrier.id for carrier in found if carrier is not None]

    def __contains__(self, medium_id: object) -> bool:
        return medium_id in self._ids

    @property
    def asked(self) -> str:
        bays = [_bay(carrier) for carrier in self._here()]
        return f"pull the disks out of {_named(bays)}" if bays else ""

    async def check(self) -> None:
        """Raises `SteleError`: 2202 one is in no bay."""
        if not self._ids:
            return
        await self._ready()
        here = {carrier.id for carrier in self._here()}
        for medium_id in self._ids:
            if medium_id not in here:
                raise SteleError(NOT_HERE, f"disk {medium_id} is in no bay")

    async def collect(self) -> None:
        """Have them all, once no job has one."""
        if self._ids:
            await self._ready()
        for carrier in self._here():
            await have_at_rest(self._run, carrier.id)

    async def open(self) -> None:
        drawers = self._stores.drawers if self._stores else None
        if drawers is not None:
            pulls = [(_bay(carrier), carrier.id) for carrier in self._here()]
            await together(*(self._noting(b, drawers.let_out(m, b)) for b, m in pulls))

    def judge(self) -> None:
        """Raises `SteleError`: 2221 some are still there."""
        bays = [_bay(carrier) for carrier in self._here()]
        if bays:
            raise SteleError(NOT_DONE, f"the disks are still in {_named(bays)}", self._why(bays))

    def _here(self) -> list[Carrier]:
        if self._stores is None:
            return []
        found = map(self._stores.carriers.get, self._ids)
        return [carrier for carrier in found if carrier.place.startswith("bay:")]


class DisksIn(_Work):
    """Empty bays that a person is to put disks into."""

    def __init__(self, run: JobRun, places: Sequence[str]) -> None:
        super().__init__(run)
        stores = run.use.stores
        self._drawers = stores.drawers if stores else None
        self.bays = [bay for bay in places if self._drawers and bay in self._drawers]

    @property
    def asked(self) -> str:
        return f"put disks into {_named(self._empty())}" if self._empty() else ""

    async def check(self) -> None:
        """Raises `SteleError`: 2220 a bay is not empty."""
        if not self.bays:
            return
        await self._ready()
        full = [bay for bay in self.bays if bay not in self._empty()]
        if full:
            raise SteleError(NOT_FREE, f"{_named(full)} cannot take a disk: not empty")

    async def open(self) -> None:
        if self._drawers is not None:
            drawers, empty = self._drawers, self._empty()
            await together(*(self._noting(bay, drawers.let_in(bay)) for bay in empty))

    def judge(self) -> None:
        """Raises `SteleError`: 2221 some are still empty."""
        empty = self._empty()
        if empty:
            raise SteleError(NOT_DONE, f"no disk was put into {_named(empty)}", self._why(empty))

    def _empty(self) -> list[str]:
        drawers = self._drawers
        return [bay for bay in self.bays if drawers and drawers.is_empty(bay)]


def drawers_alone(run: JobRun) -> Shelf[Any] | None:
    """The shelf of the disks, for a person's job that needs nothing but their drawers."""
    stores, body = run.use.stores, run.record.body
    if stores is None or stores.drawers is None:
        return None
    match body:
        case TakeOut():
            alone = all(stores.carriers.find(medium_id) for medium_id in body.media)
        case FileIn():
            alone = bool(body.slots) and all(slot in stores.drawers for slot in body.slots)
        case _:
            alone = False
    return _disk_shelf(run) if alone else None


async def together(*acts: Coroutine[Any, Any, None]) -> None:
    """Do all at once; when one fails the others are broken off, and its error is raised."""
    tasks = [asyncio.ensure_future(act) for act in acts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _disk_shelf(run: JobRun) -> Shelf[Any] | None:
    stores = run.use.stores
    return stores.shelves.get(MediumKind.DISK) if stores else None


def _bay(carrier: Carrier) -> str:
    return carrier.place.removeprefix("bay:")


def _named(bays: Sequence[str]) -> str:
    return f"{'bay' if len(bays) == 1 else 'bays'} {', '.join(bays)}"
