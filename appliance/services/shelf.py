"""What jobs need of a place for media that take several volumes: the disk bays, the tape unit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from appliance.services.carriers import Carrier
from appliance.services.holdings import Holding
from appliance.volume.plan import VolumePlan

T = TypeVar("T")

NO_ROOM = 3320
TOO_FULL = 3321
CARRIER_BAD = 3322
FOREIGN_DATA = 3324
NOT_THERE = 3330

Advance = Callable[[int], None]
"""Told how many bytes are done."""


class ShelfVolume(Protocol):
    """A plan laid out for one kind of medium."""

    @property
    def plan(self) -> VolumePlan: ...

    @property
    def size_bytes(self) -> int:
        """What is written and read back."""
        ...

    @property
    def footprint_bytes(self) -> int:
        """What it takes of the medium, at most."""
        ...


class FileReader(Protocol):
    """The archived files of one volume on a medium."""

    def read(self, index: int) -> AsyncIterator[bytes]:
        """The content of `plan.files[index]`, in pieces of about a mebibyte, unchecked."""
        ...

    async def aclose(self) -> None: ...


V = TypeVar("V", bound=ShelfVolume)


class Shelf(Protocol[V]):
    """All media of one kind. A job takes a medium (`reserve_room`, or the reservations), then has
    it ready (`bring`), and gives both back (`put_back`). A medium is one job's at a time.
    """

    @property
    def kind(self) -> MediumKind: ...

    @property
    def ready(self) -> asyncio.Event:
        """Set once it is known which media there are."""
        ...

    async def begin(self, wanted: Mapping[str, str]) -> None:
        """Ask the hardware which media there are. `wanted` are media of unfinished jobs, by id."""
        ...

    async def tend(self) -> None:
        """Watch for media that come and go, until cancelled."""
        ...

    def lay_out(self, plan: VolumePlan) -> V:
        """Work out what the plan becomes on this kind of medium. Takes time for large plans."""
        ...

    async def reserve_room(self, job_id: str, volume_id: str, footprint_bytes: int) -> Carrier:
        """Have a medium with so much room; waits when all that have it are busy.

        Raises:
            SteleError: 3320 there is none; an alarm stands until there is.
        """
        ...

    async def bring(self, medium_id: str, job_id: str, avoid: frozenset[str], /) -> str:
        """Have the medium ready for the job; the name of its bay or drive.

        Raises:
            SteleError: 3330 it is not there.
            HalError: bay, drive or changer failed.
        """
        ...

    async def check(self, medium_id: str, job_id: str, volume: V) -> None:
        """Make sure that this very medium may be written and has room.

        Raises:
            SteleError: 3321 no room, 3322 bad, 3324 it holds what is not ours.
            HalError: 32xx.
        """
        ...

    async def write(
        self, holding: Holding, volume: V, payload: AsyncIterator[bytes], advance: Advance
    ) -> int | None:
        """Write a volume; its number among the tape's files. When it fails nothing counts.

        Raises:
            SteleError: 3321 full, 3325 the write failed, 3328 the medium is not as it should be.
            HalError, VolumeError.
        """
        ...

    async def find_written(self, holding: Holding, volume: V, /) -> bool:
        """Whether a writing that a restart broke off is all there nevertheless."""
        ...

    async def verify(self, holding: Holding, volume: V, advance: Advance) -> int:
        """Read everything back and compare it; the number of bytes read.

        Raises:
            SteleError: 3326 it differs, 3327 it cannot be read.
            HalError.
        """
        ...

    async def open_files(self, holding: Holding, volume: V) -> FileReader: ...

    async def discard(self, holding: Holding, volume: V, /) -> None:
        """Remove a volume that was written in vain, where that can be done."""
        ...

    async def put_back(self, medium_id: str, job_id: str) -> None:
        """Let the medium rest, and let others have it. Raises as `bring`."""
        ...

    def leave(self, medium_id: str, job_id: str) -> None:
        """Part from a medium that cannot be put back."""
        ...

    def has_other(self, avoid: frozenset[str], /) -> bool:
        """Whether there is a drive in service but those to avoid."""
        ...

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        """The picture with these media in it."""
        ...


async def in_thread(act: Callable[..., T], *args: Any) -> T:
    """Do something that blocks. When cancelled meanwhile, ends only when it has ended."""
    future = asyncio.get_running_loop().run_in_executor(None, partial(act, *args))
    return await to_the_end(future)


async def to_the_end(future: Awaitable[T]) -> T:
    """Wait; when cancelled, only after the work has ended, for it cannot be broken off."""
    task = asyncio.ensure_future(future)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # nobody waits for this any more
        raise
