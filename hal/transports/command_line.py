r"""A real program as a child process.

- The child gets a session and process group of its own, so that Ctrl-C in the firmware's terminal
  does not stop a burn half way.
- The child is not told to die with the firmware. When the firmware is killed, the child's standard
  input ends: a burner then flushes, stops the drive in good order and exits. Killing it would leave
  the drive in the middle of a command. The firmware that comes after waits for it
  (`OpticalDrive.wait_idle`).
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
_LINE_END = re.compile(r"[\r\n]")
_LINE_MAX = 4096


class LocalCommandLine:
    """`CommandLine` with a fixed argv prefix, such as ``["xorriso"]``."""

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
        )
        return LocalProcess(process)


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
