"""One burn under way: feed the program, follow its progress, and judge how it ended."""

import asyncio
from collections.abc import AsyncIterator, Callable

from hal.drivers.xorriso import codec
from hal.drivers.xorriso.program import DriveTiming
from hal.drivers.xorriso.run import Run
from hal.errors import HalError
from hal.interfaces.optical_drive import BurnProgress, BurnResult
from hal.transports.interfaces import CommandProcess


class Burn:
    """Over a started burning `process`; `name` is the drive's."""

    def __init__(
        self,
        name: str,
        process: CommandProcess,
        size_bytes: int,
        on_progress: Callable[[BurnProgress], None] | None,
        timing: DriveTiming,
    ) -> None:
        self._name = name
        self._size_bytes = size_bytes
        self._on_progress = on_progress
        self._timing = timing
        self._fed_bytes = 0
        self._written_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._started_s = self._told_s = self._loop.time()
        self._run = Run(process, self._take_line)

    async def run(
        self, first: bytes | memoryview, rest: AsyncIterator[bytes | memoryview]
    ) -> BurnResult:
        """Burn the image, of which the `first` chunk is there already.

        When `rest` raises, or we are cancelled, the burn is ended before the exception goes on.

        Raises:
            HalError: 32xx why the program gave up; 3208 the image has another length than planned.
        """
        try:
            await self._feed(first, rest)
            exit_code = await self._close()
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(self._run.abandon(self._timing.abandon_s)))
            raise
        if exit_code != 0 or self._fed_bytes != self._size_bytes:
            raise self._failure(exit_code)
        self._tell(codec.Update(self._size_bytes, None, None))
        return BurnResult(self._size_bytes, self._loop.time() - self._started_s)

    async def _close(self) -> int:
        """Wait until the program has written its buffer and closed the disc."""
        closing_s = self._timing.closing_s
        try:
            return await self._run.finish(closing_s)
        except TimeoutError:
            message = f"drive {self._name} has not finished its burn in {closing_s} s"
            raise HalError(3206, message, "disc spoiled") from None

    async def _feed(
        self, first: bytes | memoryview, rest: AsyncIterator[bytes | memoryview]
    ) -> None:
        """Hand over the image, as fast as the program takes it."""
        try:
            await self._hand_over(first)
            async for chunk in rest:
                await self._hand_over(chunk)
        except BrokenPipeError:
            return  # the program's output and exit code tell why
        if self._fed_bytes < self._size_bytes:
            raise HalError(
                3208,
                f"the data for drive {self._name} ended early",
                f"{self._fed_bytes} of {self._size_bytes} bytes; disc spoiled",
            )

    async def _hand_over(self, chunk: bytes | memoryview) -> None:
        if self._fed_bytes + len(chunk) > self._size_bytes:
            raise HalError(
                3208, f"the data for drive {self._name} exceeds the plan", "disc spoiled"
            )
        await self._run.write(chunk)
        self._fed_bytes += len(chunk)

    def _failure(self, exit_code: int) -> HalError:
        lines = self._run.lines
        fault = codec.classify(lines, codec.Fault(3206, "the burn failed"))
        detail = f"exit code {exit_code}; {codec.complaints(lines)}"
        if codec.has_begun_writing(lines):
            detail += "; disc spoiled"
        return HalError(fault.code, f"drive {self._name}: {fault.reason}", detail)

    def _take_line(self, line: str) -> bool:
        if " : UPDATE : " not in line:
            return False
        if (update := codec.parse_update(line)) is not None:
            self._tell(update)
        return True

    def _tell(self, update: codec.Update) -> None:
        """Progress: what the drive has, never more than what we handed over."""
        written = max(self._written_bytes, min(update.written_bytes, self._fed_bytes))
        now_s = self._loop.time()
        elapsed_s = now_s - self._told_s
        speed = (written - self._written_bytes) / elapsed_s if written and elapsed_s > 0 else None
        self._written_bytes, self._told_s = written, now_s
        if self._on_progress is not None:
            self._on_progress(
                BurnProgress(written, self._size_bytes, speed, update.fifo_pct, update.buffer_pct)
            )
