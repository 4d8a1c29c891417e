r"""A real program as a child process.

- The child gets a session and process group of its own, so that Ctrl-C in the firmware's terminal
  does not stop a burn half way.
- The child is not told to die with the firmware. When the firmware is killed, the child's standard
  input ends: a burner then flushes, stops the drive in good order and exits. Killing it would leave
  the drive in the middle of a command. The firmware that comes after waits for it
  (`OpticalDrive.wait_idle`).
- It speaks English, whatever the machine's language is: drivers read what it says.
- Its clock is the machine's: this transport belongs to the normal event loop.
"""

import asyncio
import contextlib
import fcntl
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence

PIPE_BYTES = 1 << 20
COMPLAINT_BYTES = 8192
"""How much of what a source says on standard error is kept: its end."""
_LINE_END = re.compile(r"[\r\n]")
_LINE_MAX = 4096


class LocalCommandLine:
    """`CommandLine` and `ByteCommandLine` with a fixed argv prefix, such as ``["xorriso"]``."""

    def __init__(self, prefix: Sequence[str]) -> None:
        self.prefix = tuple(prefix)

    async def start(self, *argv: str) -> "LocalProcess":
        process = await asyncio.create_subprocess_exec(
            *self.prefix,
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env=_english(),
        )
        return LocalProcess(process)

    async def start_source(self, *argv: str) -> "LocalSource":
        process = await asyncio.create_subprocess_exec(
            *self.prefix,
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=_english(),
        )
        return LocalSource(process)


def _english() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}


class LocalProcess:
    """`CommandProcess` over an asyncio subprocess."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process needs pipes for standard input and output")
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._signal = signal.SIGTERM
        pipe = self._stdin.transport.get_extra_info("pipe")
        with contextlib.suppress(OSError, ValueError):  # only slower; or already closed
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    async def write(self, data: bytes | memoryview) -> None:
        try:
            self._stdin.write(data)
            await self._stdin.drain()
        except ConnectionError as error:
            raise BrokenPipeError("the program reads no more") from error

    async def close_stdin(self) -> None:
        self._stdin.close()  # what is still in our buffer goes out first

    async def lines(self) -> AsyncIterator[str]:
        rest = ""
        while data := await self._stdout.read(1 << 16):
            *whole, rest = _LINE_END.split(rest + data.decode("utf-8", "replace"))
            for line in whole:
                if line:
                    yield line
            if len(rest) > _LINE_MAX:
                yield rest
                rest = ""
        if rest:
            yield rest

    async def wait(self) -> int:
        exit_code = await self._process.wait()
        if not self._stdin.is_closing():
            self._stdin.transport.abort()  # what it has not read, nobody will
        await asyncio.sleep(0)  # let the pipe be closed
        return exit_code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, self._signal)
        self._signal = signal.SIGKILL


class LocalSource:
    """`ByteSource` over an asyncio subprocess. What is not fetched holds the program up."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None or process.stderr is None:
            raise ValueError("the process needs pipes for standard output and error")
        self._process = process
        self._stdout = process.stdout
        self._signal = signal.SIGTERM
        self._complaints = asyncio.create_task(_end_of(process.stderr), name="source complaints")

    async def chunks(self) -> AsyncIterator[bytes]:
        while data := await self._stdout.read(PIPE_BYTES):
            yield data

    async def wait(self) -> tuple[int, str]:
        """Drop what was not fetched; exit code, and the end of what it said on standard error."""
        async for _ in self.chunks():
            pass
        complaints = await asyncio.shield(self._complaints)
        return await self._process.wait(), complaints.decode("utf-8", "replace")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, self._signal)
        self._signal = signal.SIGKILL


async def _end_of(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while data := await stream.read(COMPLAINT_BYTES):
        kept = (kept + data)[-COMPLAINT_BYTES:]
    return kept
