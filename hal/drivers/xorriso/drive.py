"""An optical drive worked by xorriso and read through its block device.

The tray: acquiring a drive loads its tray, so a drive whose tray this driver opened is not asked
until `close_tray`; it answers `ABSENT`. After a restart the tray's state is unknown and the first
question closes it.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hal.drivers.xorriso import codec
from hal.drivers.xorriso.burn import Burn
from hal.drivers.xorriso.reader import NO_DISC_ERRNOS, DiscReader
from hal.drivers.xorriso.run import run_to_end
from hal.errors import HalError
from hal.interfaces.optical_drive import (
    SECTOR_BYTES,
    BurnProgress,
    BurnResult,
    Disc,
    DiscStatus,
)
from hal.transports.interfaces import BlockDevice, CommandLine, CommandProcess


@dataclass(frozen=True, slots=True)
class DriveTiming:
    """Limits in seconds of the event loop's clock."""

    report_s: float = 180.0
    """For a report, with loading the tray and spinning the disc up."""
    eject_s: float = 60.0
    closing_s: float = 1800.0
    """From the last byte handed over to the end of the run: buffers, track and session."""
    abandon_s: float = 180.0
    """For a burn that is broken off to end by itself, before it is told to, before it is killed."""
    busy_poll_s: float = 5.0


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
        self._device = device
        self._commands = commands
        self._block = block
        self._timing = timing or DriveTiming()
        self._tray_open = False
        self._burned_bytes = 0
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
                await self._eject()

    async def close_tray(self) -> None:
        """Close the tray and wait until the drive knows the disc. No error without a disc."""
        async with self._exclusively():
            self._tray_open = False
            await self._report()

    async def disc(self) -> Disc:
        """Ask what disc is in the drive; an open tray that this driver did not open is closed.

        Raises:
            HalError: 3201 not usable; 3202 busy, also with a burn of this driver.
        """
        async with self._exclusively():
            return Disc(DiscStatus.ABSENT) if self._tray_open else await self._report()

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
                image = await _begun(image)
                process = await self._start(codec.burn_argv(self._device, size_bytes, speed))
                self._burned_bytes = size_bytes
                burn = Burn(self._name, process, size_bytes, on_progress)
                try:
                    result = await burn.run(image, self._timing.closing_s, self._timing.abandon_s)
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

        Linux may go on believing the size from before a burn; then the tray is cycled once, which
        makes it look again. Nothing may stand before the tray.

        Raises:
            HalError: 3203 no disc, or the tray is open; 3210 unreadable; 3201, 3202.
        """
        async with self._exclusively():
            if self._tray_open:
                raise HalError(3203, f"the tray of drive {self._name} is open")
            size_bytes = await self._open_block()
            if size_bytes < self._burned_bytes:
                await self._block.aclose()
                await self._eject()
                self._tray_open = False
                await self._report()
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

    async def _start(self, argv: tuple[str, ...]) -> CommandProcess:
        try:
            return await self._commands.start(*argv)
        except OSError as error:
            raise self._no_program(error) from error

    async def _run(self, argv: tuple[str, ...], limit_s: float) -> list[str]:
        try:
            return (await run_to_end(self._commands, argv, limit_s)).lines
        except TimeoutError:
            raise HalError(
                3201, f"drive {self._name} has not answered in {limit_s} s", " ".join(argv)
            ) from None
        except OSError as error:
            raise self._no_program(error) from error

    def _no_program(self, error: OSError) -> HalError:
        return HalError(3212, f"the burning program of drive {self._name} is missing", str(error))

    async def _report(self) -> Disc:
        lines = await self._run(codec.toc_argv(self._device), self._timing.report_s)
        disc = codec.parse_toc(lines)
        if disc is None:
            raise self._error(lines, codec.Fault(3201, "it cannot be used"))
        return disc

    async def _eject(self) -> None:
        """Open the tray."""
        lines = await self._run(codec.eject_argv(self._device), self._timing.eject_s)
        if complaints := codec.complaints(lines):
            fault = codec.classify(lines, codec.Fault(3211, "its tray does not open"))
            raise HalError(fault.code, f"drive {self._name}: {fault.reason}", complaints)
        self._tray_open = True
        self._burned_bytes = 0

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

    async def _require_blank(self, size_bytes: int) -> None:
        if self._tray_open:
            raise HalError(3203, f"the tray of drive {self._name} is open")
        disc = await self._report()
        if disc.status is DiscStatus.ABSENT:
            raise HalError(3203, f"there is no disc in drive {self._name}")
        if disc.status is DiscStatus.UNREADABLE:
            raise HalError(3210, f"drive {self._name} cannot make out its disc")
        if disc.status is not DiscStatus.BLANK or disc.damaged:
            raise HalError(3204, f"the disc in drive {self._name} is not blank", disc.status)
        if disc.capacity_bytes is None or disc.capacity_bytes < size_bytes:
            raise HalError(
                3205,
                f"the disc in drive {self._name} is too small",
                f"it takes {disc.capacity_bytes} bytes, the image has {size_bytes}",
            )

    async def _require_written(self) -> None:
        """An exit code proves nothing: the drive must now say that the disc is written."""
        disc = await self._report()
        if disc.status not in (DiscStatus.CLOSED, DiscStatus.APPENDABLE) or disc.damaged:
            raise HalError(
                3214,
                f"after the burn drive {self._name} does not find the disc written",
                f"it says {disc.status}; disc spoiled",
            )

    async def _state_afterwards(self) -> str:
        """What the drive says of the disc after a failed burn, in words."""
        try:
            disc = await self._report()
        except HalError as error:
            return f"is not known: {error.message}"
        return f"is now {disc.status}{', damaged' if disc.damaged else ''}"

    def _error(self, lines: list[str], otherwise: codec.Fault) -> HalError:
        fault = codec.classify(lines, otherwise)
        return HalError(fault.code, f"drive {self._name}: {fault.reason}", codec.complaints(lines))

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


async def _begun(
    image: AsyncIterable[bytes | memoryview],
) -> AsyncIterable[bytes | memoryview]:
    """The same image, with its first chunk already fetched."""
    chunks = aiter(image)
    first = await anext(chunks, b"")

    async def all_chunks() -> AsyncIterator[bytes | memoryview]:
        yield first
        async for chunk in chunks:
            yield chunk

    return all_chunks()
