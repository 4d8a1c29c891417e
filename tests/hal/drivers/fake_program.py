"""Programs that exist only in memory: each run is answered by a function of its words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

Answer = tuple[int, str]
"""Exit code and output."""


@dataclass
class FakeProgram:
    """`CommandLine` and `ByteCommandLine`. `answer` gets the words; `None` from it hangs."""

    answer: Callable[[tuple[str, ...]], Answer | None]
    data: bytes = b""
    """What a source brings on standard output."""
    runs: list[tuple[str, ...]] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    killed: int = 0

    async def start(self, *argv: str) -> "FakeProcess":
        self.runs.append(argv)
        return FakeProcess(self, self.answer(argv))

    async def start_source(self, *argv: str) -> "FakeSource":
        self.runs.append(argv)
        return FakeSource(self, self.answer(argv))


class MissingProgram:
    """What the settings name and nobody installed."""

    async def start(self, *argv: str) -> "FakeProcess":
        raise FileNotFoundError(2, "No such file or directory", argv[0] if argv else "")

    async def start_source(self, *argv: str) -> "FakeSource":
        raise FileNotFoundError(2, "No such file or directory", argv[0] if argv else "")


class _FakeRun:
    def __init__(self, program: FakeProgram, answer: Answer | None) -> None:
        self._program = program
        self._answer = answer
        self._ended = asyncio.Event()
        self._exit_code = 0
        if answer is not None:
            self._exit_code = answer[0]
            self._ended.set()

    def kill(self) -> None:
        self._program.killed += 1
        if not self._ended.is_set():
            self._exit_code = -15
            self._ended.set()


class FakeProcess(_FakeRun):
    def __init__(self, program: FakeProgram, answer: Answer | None) -> None:
        super().__init__(program, answer)
        self._input = b""

    async def write(self, data: bytes | memoryview) -> None:
        if self._answer is None:
            await self._ended.wait()
        self._input += data

    async def close_stdin(self) -> None:
        self._program.inputs.append(self._input)

    async def lines(self) -> AsyncIterator[str]:
        await self._ended.wait()
        for line in (self._answer or (0, ""))[1].splitlines():
            if line:
                yield line

    async def wait(self) -> int:
        await self._ended.wait()
        return self._exit_code


class FakeSource(_FakeRun):
    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._program.data), 100_000):
            yield self._program.data[start : start + 100_000]
        await self._ended.wait()

    async def wait(self) -> tuple[int, str]:
        await self._ended.wait()
        return self._exit_code, (self._answer or (0, ""))[1]
