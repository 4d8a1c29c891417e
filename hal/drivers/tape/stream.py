"""Feeding dd: every chunk, then the end of input, and what it says about it."""

import asyncio
import contextlib
from collections.abc import AsyncIterable

from hal.drivers.program.program import Outcome
from hal.errors import HalError
from hal.transports.interfaces import CommandProcess

_LINES_KEPT = 50


async def write_stream(
    process: CommandProcess,
    chunks: AsyncIterable[bytes | memoryview],
    stall_s: float,
    closing_s: float,
) -> tuple[Outcome, int]:
    """Feed it, end its input, wait for its end: how it ended, and the bytes that it was given.

    When `chunks` raises or the call is cancelled, the input ends early: the tape file is ended.

    Raises:
        HalError: 3252 it takes nothing for `stall_s`; 1041 it does not end.
    """
    said: list[str] = []
    listening = asyncio.create_task(_listen(process, said), name="dd output")
    written = 0
    try:
        with contextlib.suppress(BrokenPipeError):  # it says why
            async for chunk in chunks:
                await _hand_over(process, chunk, stall_s)
                written += len(chunk)
        exit_code = await _finish(process, listening, closing_s)
    except BaseException:
        await asyncio.shield(asyncio.ensure_future(_abandon(process, listening, closing_s)))
        raise
    return Outcome(exit_code, tuple(said)), written


async def _hand_over(process: CommandProcess, chunk: bytes | memoryview, stall_s: float) -> None:
    try:
        async with asyncio.timeout(stall_s):
            await process.write(chunk)
    except TimeoutError:
        raise HalError(3252, f"the tape has taken nothing for {stall_s:g} s") from None


async def _listen(process: CommandProcess, said: list[str]) -> None:
    async for line in process.lines():
        said.append(line)
        del said[:-_LINES_KEPT]


async def _finish(process: CommandProcess, listening: asyncio.Task[None], limit_s: float) -> int:
    try:
        async with asyncio.timeout(limit_s):
            await process.close_stdin()
            await asyncio.wait({listening})
            return await process.wait()
    except TimeoutError:
        raise HalError(1041, f"dd has not ended in {limit_s:g} s") from None


async def _abandon(process: CommandProcess, listening: asyncio.Task[None], limit_s: float) -> None:
    """End of input, then SIGTERM, then SIGKILL: the device must be free afterwards."""
    for _ in range(3):
        with contextlib.suppress(HalError, OSError):
            await _finish(process, listening, limit_s)
            break
        process.kill()
    listening.cancel()
