"""Commands without a process: a simulated program in the same event loop as the firmware.

`MemoryCommandLine` has the shape of the firmware's command lines: `start` gives a process that is
fed and read by lines, `start_source` one whose standard output is data.
"""

import asyncio
import errno
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from simulators.links.program import Program
from simulators.links.xorriso.shutdown import TERMINATED

PIPE_BYTES = 4 * 1024 * 1024
"""Bytes that a pipe takes before its writer has to wait."""
PIECE_BYTES = 256 * 1024
SIGTERM, SIGKILL = 15, 9


class MemoryCommandLine:
    """A simulated command as something to start."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def start(self, *argv: str) -> "MemoryProcess":
        return MemoryProcess(self._program, argv)

    async def start_source(self, *argv: str) -> "MemorySource":
        return MemorySource(self._program, argv)


class MemoryRun(ABC):
    """One run of a command. Its host's side is `say`, `answer`, `copy_input`, `copy_output`."""

    def __init__(self, program: Program, argv: tuple[str, ...]) -> None:
        self._input: deque[memoryview] = deque()
        self._waiting_bytes = 0
        self._input_ended = False
        self._wanted_bytes = 0
        self._killed = 0
        self._changed = asyncio.Event()
        self._run = asyncio.create_task(self._live(program, argv))
        self._run.add_done_callback(lambda _: self._changed.set())

    async def _live(self, program: Program, argv: tuple[str, ...]) -> int:
        try:
            return await program.run(argv, self)
        except asyncio.CancelledError:
            if not self._killed:
                raise
            if self._killed > 1:
                return -SIGKILL
            if program.farewell is None:
                return -SIGTERM
            self.say(program.farewell)
            return TERMINATED

    async def _wait_change(self) -> None:
        """Wait until anything has happened; every waiter wakes and looks for itself."""
        self._changed.clear()
        await self._changed.wait()

    # The host's side

    @abstractmethod
    def say(self, text: str) -> None: ...

    @abstractmethod
    def answer(self, text: str) -> None: ...

    async def copy_input(self, path: Path, offset: int, limit: int) -> int:
        self._wanted_bytes = limit
        self._changed.set()
        while self._waiting_bytes < limit and not self._input_ended:
            await self._wait_change()
        self._wanted_bytes = 0
        copied = 0
        with path.open("r+b", buffering=0) as image:
            while self._input and copied < limit:
                piece = self._input.popleft()
                taken = piece[: limit - copied]
                os.pwrite(image.fileno(), taken, offset + copied)
                copied += len(taken)
                if len(taken) < len(piece):
                    self._input.appendleft(piece[len(taken) :])
        self._waiting_bytes -= copied
        self._changed.set()
        return copied

    @abstractmethod
    async def copy_output(self, path: Path, offset: int, length: int) -> int: ...

    # The firmware's side

    async def write(self, data: bytes | memoryview) -> None:
        """Feed standard input; waits while the pipe is full.

        Raises:
            BrokenPipeError: the program has ended.
        """
        if data and not self._run.done():
            self._input.append(memoryview(bytes(data)))
            self._waiting_bytes += len(data)
            self._changed.set()
        while self._waiting_bytes > max(PIPE_BYTES, self._wanted_bytes) and not self._run.done():
            await self._wait_change()
        if self._run.done():
            raise BrokenPipeError(errno.EPIPE, "the command has ended")

    async def close_stdin(self) -> None:
        self._input_ended = True
        self._changed.set()

    def kill(self) -> None:
        """SIGTERM the first time, SIGKILL the second."""
        if not self._run.done():
            self._killed += 1
            self._run.cancel()


class MemoryProcess(MemoryRun):
    """A run that is read line by line, standard output and error merged."""

    def __init__(self, program: Program, argv: tuple[str, ...]) -> None:
        self._text = ""
        super().__init__(program, argv)

    def say(self, text: str) -> None:
        self._text += text
        self._changed.set()

    answer = say

    async def copy_output(self, path: Path, offset: int, length: int) -> int:
        data = _read(path, offset, length)
        self.say(data.decode("utf-8", "replace"))
        return len(data)

    async def lines(self) -> AsyncIterator[str]:
        """Standard output and error, line by line, without empty lines."""
        while self._text or not self._run.done():
            line, newline, rest = self._text.partition("\n")
            if not newline and not self._run.done():
                await self._wait_change()
                continue
            self._text = rest
            if line:
                yield line

    async def wait(self) -> int:
        """Return the exit code."""
        return await asyncio.shield(self._run)


class MemorySource(MemoryRun):
    """A run whose standard output is data; its input is empty."""

    def __init__(self, program: Program, argv: tuple[str, ...]) -> None:
        self._errors = ""
        self._output: deque[bytes] = deque()
        self._unread_bytes = 0
        super().__init__(program, argv)
        self._input_ended = True

    def say(self, text: str) -> None:
        self._errors += text

    def answer(self, text: str) -> None:
        self._put(text.encode())

    def _put(self, data: bytes) -> None:
        self._output.append(data)
        self._unread_bytes += len(data)
        self._changed.set()

    async def copy_output(self, path: Path, offset: int, length: int) -> int:
        copied = 0
        while copied < length:
            while self._unread_bytes > PIPE_BYTES:
                await self._wait_change()
            data = _read(path, offset + copied, min(PIECE_BYTES, length - copied))
            if not data:
                break
            self._put(data)
            copied += len(data)
        return copied

    async def chunks(self) -> AsyncIterator[bytes]:
        """Standard output as it comes."""
        while self._output or not self._run.done():
            if not self._output:
                await self._wait_change()
                continue
            data = self._output.popleft()
            self._unread_bytes -= len(data)
            self._changed.set()
            yield data

    async def wait(self) -> tuple[int, str]:
        """Drop what was not fetched; the exit code, and what was said on standard error."""
        async for _ in self.chunks():
            pass
        return await asyncio.shield(self._run), self._errors


def _read(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), length, offset)
