"""A tape drive: mt winds, dd streams. The device is one that does not rewind when it is closed.

dd writes and reads blocks of `codec.BLOCK_BYTES`; the kernel writes the file mark when dd closes
the device. What the drive says afterwards counts, not what dd's exit code claims.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import NoReturn

from hal.drivers.program.program import Outcome, Program
from hal.drivers.tape import codec
from hal.drivers.tape.stream import write_stream
from hal.errors import HalError
from hal.interfaces.tape import TapeStatus
from hal.transports.interfaces import ByteCommandLine, ByteSource, CommandLine


@dataclass(frozen=True, slots=True)
class TapeTiming:
    """Limits in seconds of the event loop's clock."""

    status_s: float = 180.0
    """A cartridge that was just put in is threaded first."""
    wind_s: float = 900.0
    """From one end of the tape to the other; LTO-8 takes about two minutes [K]."""
    stall_s: float = 300.0
    """Without a block written or read."""
    closing_s: float = 300.0


class MtTapeDrive:
    """`TapeDrive`. `dd_in` brings data from the drive, `dd_out` takes it; both are dd.

    Example::

        dd = LocalCommandLine(["dd"])
        drive = MtTapeDrive("td1", "/dev/nst0", LocalCommandLine(["mt"]), dd, dd)
    """

    verified = "simulator"

    def __init__(
        self,
        name: str,
        device: str,
        mt: CommandLine,
        dd_out: CommandLine,
        dd_in: ByteCommandLine,
        *,
        timing: TapeTiming | None = None,
    ) -> None:
        self._name = name
        self._device = device
        self._timing = timing or TapeTiming()
        self._mt = Program(f"mt of tape drive {name}", mt, self._timing.wind_s)
        self._dd_out = Program(f"dd of tape drive {name}", dd_out, self._timing.closing_s)
        self._dd_in = dd_in
        self._one_call = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._name

    async def status(self) -> TapeStatus:
        """Ask how the tape stands. Without a cartridge it is not online; that is no error.

        Raises:
            HalError: 3256 busy; 3257 the drive is not there; 1040 to 1042 mt.
        """
        async with self._one_call:
            return await self._status()

    async def append(self, chunks: AsyncIterable[bytes | memoryview]) -> int:
        """Write one tape file behind the last, padded with zeros to whole blocks; its number.

        Raises:
            HalError: 3250 no cartridge; 3251 write-protected; 3252 write error; 3253 tape full;
                3256, 3257, 1040 to 1042.
        """
        async with self._one_call:
            await self._wind("eod", 3252)
            stand = await self._require_online()
            if stand.write_protected:
                raise HalError(3251, f"the cartridge in tape drive {self._name} is write-protected")
            if stand.file_number < 0:
                raise HalError(3252, f"tape drive {self._name} does not know where its tape ends")
            process = await self._dd_out.start(*codec.write_argv(self._device))
            outcome, written = await write_stream(
                process, chunks, self._timing.stall_s, self._timing.closing_s
            )
            self._require_written(outcome, written)
            after = await self._require_online()
            if after.file_number != stand.file_number + 1:
                raise HalError(
                    3252,
                    f"tape drive {self._name} has not ended its tape file",
                    f"it stands in file {after.file_number}, began in {stand.file_number}",
                )
            return stand.file_number

    async def read(self, file_number: int) -> AsyncIterator[bytes]:
        """The bytes of one tape file, with the zeros that fill its last block.

        Raises:
            HalError: 3250; 3254 no such tape file; 3255 read error; 3256, 3257, 1040 to 1042.
        """
        async with self._one_call:
            await self._wind("asf", 3254, str(file_number))
            stand = await self._require_online()
            if stand.at_end_of_data or stand.file_number not in (-1, file_number):
                raise HalError(3254, f"there is no tape file {file_number} in {self._name}")
            try:
                source = await self._dd_in.start_source(*codec.read_argv(self._device))
            except (OSError, ValueError) as error:
                raise HalError(
                    1040, f"dd of tape drive {self._name} cannot be started", str(error)
                ) from error
            ended = False
            try:
                total = 0
                async for chunk in self._fetch(source):
                    total += len(chunk)
                    yield chunk
                await self._finish_reading(source, total, file_number)
                ended = True
            finally:
                if not ended:
                    await self._end(source)

    async def rewind(self) -> None:
        """Raises: HalError: 3250, 3255 to 3257, 1040 to 1042."""
        async with self._one_call:
            await self._wind("rewind", 3257)

    async def eject(self) -> None:
        """Rewind and let the cartridge go. No error without one.

        Raises:
            HalError: 3256, 3257, 1040 to 1042.
        """
        async with self._one_call:
            try:
                # Not asked first: a drive that still threads its tape says that it has none.
                await self._wind("offline", 3257)
            except HalError as error:
                if error.code != 3250:
                    raise

    # Inside -----------------------------------------------------------------------------------

    async def _status(self) -> TapeStatus:
        run = await self._mt.run("-f", self._device, "status", limit_s=self._timing.status_s)
        if run.exit_code == 0:
            return codec.parse_status(run.lines)
        code, reason = codec.classify_tape(run.lines, 3257)
        if code == 3250:
            return TapeStatus(online=False, file_number=-1, block_number=-1)
        raise HalError(code, f"tape drive {self._name}: {reason}", run.last_words)

    async def _require_online(self) -> TapeStatus:
        stand = await self._status()
        if not stand.online:
            raise HalError(3250, f"there is no cartridge in tape drive {self._name}")
        return stand

    async def _wind(self, verb: str, otherwise: int, *count: str) -> None:
        run = await self._mt.run("-f", self._device, verb, *count)
        if run.exit_code != 0:
            await self._require_online()
            self._fail(run.lines, otherwise, run.last_words)

    def _require_written(self, outcome: Outcome, written: int) -> None:
        if outcome.exit_code != 0:
            self._fail(outcome.lines, 3252, outcome.last_words)
        blocks = codec.records_out(outcome.lines)
        if blocks != -(-written // codec.BLOCK_BYTES):
            raise HalError(
                3252,
                f"tape drive {self._name} has not taken everything",
                f"{written} bytes were handed over, {blocks} blocks written",
            )

    def _fail(self, lines: tuple[str, ...], otherwise: int, detail: str) -> NoReturn:
        code, reason = codec.classify_tape(lines, otherwise)
        raise HalError(code, f"tape drive {self._name}: {reason}", detail)

    async def _fetch(self, source: ByteSource) -> AsyncIterator[bytes]:
        """The chunks as they come. A drive that brings nothing for too long has failed."""
        chunks = aiter(source.chunks())
        while True:
            try:
                async with asyncio.timeout(self._timing.stall_s):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise HalError(3255, f"tape drive {self._name} brings nothing more") from None
            if chunk is None:
                return
            yield chunk

    async def _finish_reading(self, source: ByteSource, total: int, file_number: int) -> None:
        try:
            async with asyncio.timeout(self._timing.closing_s):
                exit_code, said = await source.wait()
        except TimeoutError:
            raise HalError(1041, f"dd of tape drive {self._name} does not end") from None
        if exit_code != 0:
            lines = tuple(said.splitlines())
            if total == 0 and file_number == 0 and await self._is_blank():
                raise HalError(3254, f"the tape in {self._name} is blank")
            self._fail(lines, 3255, f"after {total} bytes: {said.strip()[-300:]}")
        if total == 0:
            raise HalError(3254, f"there is no tape file {file_number} in {self._name}")

    async def _is_blank(self) -> bool:
        """Whether data ends where the tape begins: reading such a tape fails like a bad one."""
        await self._wind("eod", 3255)
        stand = await self._status()
        return stand.online and stand.file_number == 0 and stand.block_number in (0, -1)

    async def _end(self, source: ByteSource) -> None:
        """Leave no dd behind that holds the drive: SIGTERM, then SIGKILL."""
        for _ in range(2):
            source.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.closing_s):
                    await source.wait()
                    return
