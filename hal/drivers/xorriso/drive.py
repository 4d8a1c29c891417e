"""An optical drive worked by xorriso and read through its block device.

The tray: acquiring a drive loads its tray, so a drive whose tray this driver opened is not asked
until `close_tray`; it answers `ABSENT`. After a restart the tray's state is unknown and the first
question closes it.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager

from hal.drivers.xorriso.burn import Burn
from hal.drivers.xorriso.program import BurnerProgram, DriveTiming
from hal.drivers.xorriso.reader import NO_DISC_ERRNOS, DiscReader
from hal.errors import HalError
from hal.interfaces.optical_drive import (
    SECTOR_BYTES,
    BurnProgress,
    BurnResult,
    Disc,
    DiscStatus,
)
from hal.transports.interfaces import BlockDevice, CommandLine


class XorrisoDrive:
    """`OpticalDrive`. `device` is what xorriso is told; `block` opens the same device for reading.

    Example::

        drive = XorrisoDrive(
            "d1", "/dev/sr0", LocalCommandLine(["xorriso"]), LocalBlockDevice("/dev/sr0")
        )
    """

    verified = "peer"

    def __init__(
        self,
        name: str,
        device: str,
        commands: CommandLine,
        block: BlockDevice,
        *,
        timing: DriveTiming | None = None,
    ) -> None:
        self._name = name
        self._timing = timing or DriveTiming()
        self._program = BurnerProgram(name, device, commands, self._timing)
        self._block = block
        self._tray_open = False
        self._one_call = asyncio.Lock()
        self._burning = False
        self._burn_ended = asyncio.Event()

    @property
    def name(self) -> str:
        return self._name

    async def open_tray(self) -> None:
        """Raises: HalError: 3201, 3202 drive not usable or busy; 3211 the tray does not move."""
        async with self._exclusively():
            if not self._tray_open:
                await self._program.eject()
                self._tray_open = True

    async def close_tray(self) -> None:
        """Close the tray and wait until the drive knows the disc. No error without a disc."""
        async with self._exclusively():
            self._tray_open = False
            await self._program.report()

    async def disc(self) -> Disc:
        """Ask what disc is in the drive; an open tray that this driver did not open is closed.

        Raises:
            HalError: 3201 not usable; 3202 busy, also with a burn of this driver.
        """
        async with self._exclusively():
            return Disc(DiscStatus.ABSENT) if self._tray_open else await self._program.report()

    async def wait_idle(self, timeout_s: float) -> None:
        """Wait for a burn of this driver, and for one that an earlier process left running.

        Raises:
            HalError: 3202 still busy after `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not await self._is_idle():  # noqa: ASYNC110  # only asking can tell
                    await asyncio.sleep(self._timing.busy_poll_s)
        except TimeoutError:
            raise HalError(3202, f"drive {self._name} is still busy after {timeout_s} s") from None

    async def burn(
        self,
        image: AsyncIterable[bytes | memoryview],
        size_bytes: int,
        *,
        speed: float | None = None,
        on_progress: Callable[[BurnProgress], None] | None = None,
    ) -> BurnResult:
        """Burn and close the disc. After a failure, `detail` tells what has become of the disc.

        The drive is started when the first bytes are there: an image that fails before leaves the
        disc blank.

        Raises:
            HalError: 3203 no disc; 3204 not blank; 3205 too small; 3206, 3207, 3208, 3213, 3214 the
                burn failed; 3201, 3202 drive not usable or busy.
            ValueError: the size is not a whole, positive number of sectors.
        """
        if size_bytes <= 0 or size_bytes % SECTOR_BYTES:
            raise ValueError(f"an image is whole sectors of {SECTOR_BYTES} bytes, not {size_bytes}")
        async with self._exclusively():
            self._burning = True
            self._burn_ended.clear()
            try:
                await self._require_blank(size_bytes)
                chunks = aiter(image)
                first = await self._first_of(chunks)
                process = await self._program.start_burn(size_bytes, speed)
                burn = Burn(self._name, process, size_bytes, on_progress, self._timing)
                try:
                    result = await burn.run(first, chunks)
                except HalError as error:
                    error.detail += f"; the disc {await self._state_afterwards()}"
                    raise
                await self._require_written()
                return result
            finally:
                self._burning = False
                self._burn_ended.set()

    async def open_reader(self) -> DiscReader:
        """Open the disc for reading.

        Linux may go on believing what lay in the drive before a burn; when it knows of less than
        the drive does, the tray is cycled once, which makes it look again. Nothing may stand
        before the tray.

        Raises:
            HalError: 3203 no disc, or the tray is open; 3210 unreadable or blank; 3201, 3202.
        """
        async with self._exclusively():
            disc = await self._require_disc()
            expected_bytes = disc.written_bytes or 0
            try:
                size_bytes = await self._open_block()
            except HalError:
                if not expected_bytes:
                    raise
                size_bytes = 0
            if size_bytes < expected_bytes:
                await self._block.aclose()
                await self._program.eject()
                await self._program.report()
                size_bytes = await self._open_block()
            if size_bytes <= 0:
                await self._block.aclose()
                raise HalError(3210, f"the disc in drive {self._name} shows no data")
            return DiscReader(self._block, size_bytes, self._name)

    # Inside -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _exclusively(self) -> AsyncIterator[None]:
        """One run at a time. During a burn, which lasts long, others are refused at once."""
        if self._burning:
            raise HalError(3202, f"drive {self._name} is burning")
        async with self._one_call:
            yield

    async def _is_idle(self) -> bool:
        if self._burning:
            await self._burn_ended.wait()
        try:
            await self.disc()
        except HalError as error:
            if error.code != 3202:
                raise
            return False
        return True

    async def _require_disc(self) -> Disc:
        if self._tray_open:
            raise HalError(3203, f"the tray of drive {self._name} is open")
        disc = await self._program.report()
        if disc.status is DiscStatus.ABSENT:
            raise HalError(3203, f"there is no disc in drive {self._name}")
        if disc.status is DiscStatus.UNREADABLE:
            raise HalError(3210, f"drive {self._name} cannot make out its disc")
        return disc

    async def _require_blank(self, size_bytes: int) -> None:
        disc = await self._require_disc()
        if disc.status is not DiscStatus.BLANK or disc.damaged:
            raise HalError(3204, f"the disc in drive {self._name} is not blank", disc.status)
        if disc.capacity_bytes is None or disc.capacity_bytes < size_bytes:
            raise HalError(
                3205,
                f"the disc in drive {self._name} is too small",
                f"it takes {disc.capacity_bytes} bytes, the image has {size_bytes}",
            )

    async def _first_of(self, chunks: AsyncIterator[bytes | memoryview]) -> bytes | memoryview:
        """Wait for the image to begin, while the disc is still blank."""
        try:
            return await anext(chunks)
        except StopAsyncIteration:
            raise HalError(3208, f"there is no data for drive {self._name}") from None

    async def _require_written(self) -> None:
        """An exit code proves nothing: the drive must now say that the disc is written."""
        disc = await self._program.report()
        if disc.status not in (DiscStatus.CLOSED, DiscStatus.APPENDABLE) or disc.damaged:
            raise HalError(
                3214,
                f"after the burn drive {self._name} does not find the disc written",
                f"it says {disc.status}; disc spoiled",
            )

    async def _state_afterwards(self) -> str:
        """What the drive says of the disc after a failed burn, in words."""
        try:
            disc = await self._program.report()
        except HalError as error:
            return f"is not known: {error.message}"
        return f"is now {disc.status}{', damaged' if disc.damaged else ''}"

    async def _open_block(self) -> int:
        try:
            return await self._block.open()
        except OSError as error:
            if error.errno in NO_DISC_ERRNOS:
                raise HalError(
                    3203, f"there is no disc to read in drive {self._name}", str(error)
                ) from error
            raise HalError(
                3210, f"the disc in drive {self._name} cannot be opened", str(error)
            ) from error
