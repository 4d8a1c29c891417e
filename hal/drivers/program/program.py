"""One short run of a program that tells what it did in lines: smartctl, mount, mtx, mt, lp.

Its output is untrusted: it is bounded in bytes, and a run is bounded in time. A run that does not
end is told to stop, then killed, and nobody waits for it longer than `KILL_S`.
"""

import asyncio
import contextlib
from dataclasses import dataclass

from hal.errors import HalError
from hal.transports.interfaces import CommandLine, CommandProcess

OUTPUT_CHARACTERS = 1 << 20
"""smartctl's longest answers have about 40,000."""
KILL_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: what it said on standard output and error, without empty lines."""

    exit_code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def last_words(self) -> str:
        """What a person needs of it."""
        return f"exit code {self.exit_code}: " + "; ".join(self.lines[-3:])[-500:]


class Program:
    """One program for one device; `name` says in errors what it is for, as ``mtx of the tapes``."""

    def __init__(self, name: str, commands: CommandLine, limit_s: float) -> None:
        self.name = name
        self._commands = commands
        self._limit_s = limit_s

    async def run(self, *argv: str, limit_s: float | None = None) -> Outcome:
        """Run to the end, without input.

        Raises:
            HalError: 1040 it cannot be started; 1041 it has not ended in time, and was stopped;
                1042 it says more than anything can mean.
        """
        process = await self.start(*argv)
        reading = asyncio.create_task(_read(process), name=self.name)
        seconds = limit_s or self._limit_s
        try:
            async with asyncio.timeout(seconds):
                await process.close_stdin()
                return await reading
        except TimeoutError:
            raise HalError(
                1041, f"{self.name} has not answered in {seconds:g} s", " ".join(argv)
            ) from None
        except _TooMuchError:
            raise HalError(1042, f"{self.name} does not stop talking", " ".join(argv)) from None
        finally:
            # A time-out or cancellation above has cancelled the reading, which was awaited.
            if reading.cancelled() or not reading.done() or reading.exception():
                reading.cancel()
                await asyncio.wait({reading})
                await asyncio.shield(asyncio.ensure_future(_end(process)))

    async def start(self, *argv: str) -> CommandProcess:
        """Start it, for a caller that feeds it. Raises: HalError: 1040."""
        try:
            return await self._commands.start(*argv)
        except (OSError, ValueError) as error:
            raise HalError(1040, f"{self.name} cannot be started", str(error)) from error


class _TooMuchError(Exception):
    """More output than a run may have."""


async def _read(process: CommandProcess) -> Outcome:
    lines: list[str] = []
    characters = 0
    async for line in process.lines():
        lines.append(line)
        characters += len(line) + 1
        if characters > OUTPUT_CHARACTERS:
            raise _TooMuchError
    return Outcome(await process.wait(), tuple(lines))


async def _end(process: CommandProcess) -> None:
    """SIGTERM, then SIGKILL. What it still says is heard and dropped, so that its pipe ends."""
    for _ in range(2):
        process.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILL_S):
                async for _line in process.lines():
                    pass
                await process.wait()
                return
