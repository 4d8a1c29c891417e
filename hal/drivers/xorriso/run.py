"""One run of xorriso: start it, collect what it says, know when and how it ended."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from hal.transports.interfaces import CommandLine, CommandProcess

_LINES_KEPT = 400
"""Progress lines are not kept; a report has about 20, with sessions a few hundred."""


class Run:
    """A started run. Its output is read all the time, so that it never stands still for us."""

    def __init__(
        self, process: CommandProcess, on_line: Callable[[str], bool] | None = None
    ) -> None:
        """`on_line` sees each line and says whether it need not be kept."""
        self._process = process
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._reader = asyncio.create_task(self._read(), name="xorriso output")

    @property
    def lines(self) -> list[str]:
        return list(self._lines)

    async def write(self, data: bytes | memoryview) -> None:
        """Raises: BrokenPipeError: the program takes no more; its output says why."""
        await self._process.write(data)

    async def finish(self, limit_s: float) -> int:
        """Close standard input and wait for the exit code.

        Raises:
            TimeoutError: it did not end in time; it has been told to stop.
        """
        try:
            async with asyncio.timeout(limit_s):
                await self._process.close_stdin()
                # `wait` does not cancel the reader when the time is up; awaiting it would.
                await asyncio.wait({self._reader})
                self._reader.result()
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            raise

    async def abandon(self, limit_s: float) -> None:
        """End the run in the gentlest way that works: end of input, SIGTERM, SIGKILL."""
        for _ in range(3):
            with contextlib.suppress(TimeoutError):
                await self.finish(limit_s)
                return
        self._reader.cancel()

    async def _read(self) -> None:
        try:
            async for line in self._process.lines():
                if self._on_line is None or not self._on_line(line):
                    self._lines.append(line)
        except BaseException:
            self._process.kill()  # nobody reads on: without this it would stand still for ever
            raise


async def run_to_end(commands: CommandLine, argv: tuple[str, ...], limit_s: float) -> Run:
    """Run without input. The exit code is not told: the output is what counts.

    Raises:
        OSError: the program cannot be started.
        TimeoutError: it did not end in time.
    """
    run = Run(await commands.start(*argv))
    try:
        await run.finish(limit_s)
    except (TimeoutError, asyncio.CancelledError):
        await asyncio.shield(asyncio.ensure_future(run.abandon(limit_s)))
        raise
    return run
