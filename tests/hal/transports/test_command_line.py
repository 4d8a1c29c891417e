"""Real child processes: lines, standard input with back-pressure, end by EOF and by signal."""

import asyncio
import hashlib
import os
import signal
import sys

import pytest

from hal.transports.command_line import LocalCommandLine
from hal.transports.interfaces import CommandLine, CommandProcess

PYTHON = LocalCommandLine([sys.executable, "-I", "-c"])


async def collect(process: CommandProcess) -> list[str]:
    return [line async for line in process.lines()]


async def end_of(process: CommandProcess) -> int:
    """Read the output to its end, as every user must, and return the exit code."""
    await collect(process)
    return await process.wait()


async def test_output_and_errors_come_as_lines_split_at_both_line_ends() -> None:
    assert isinstance(PYTHON, CommandLine)
    process = await PYTHON.start(
        "import sys; w = sys.stdout.buffer.write; w(b'one\\rtwo\\r\\n\\nth'); sys.stdout.flush();"
        "w(b'ree\\n\\xff'); sys.stdout.flush(); sys.stderr.write('four\\nfive')"
    )
    assert isinstance(process, CommandProcess)
    assert await collect(process) == ["one", "two", "three", "\ufffdfour", "five"]
    assert await process.wait() == 0


async def test_a_line_without_end_does_not_grow_without_end() -> None:
    process = await PYTHON.start("print('x' * 100_000, end='')")
    lines = await collect(process)
    assert "".join(lines) == "x" * 100_000
    assert max(map(len, lines)) <= 1 << 17
    assert await process.wait() == 0


async def test_binary_input_arrives_whole_and_ends() -> None:
    process = await PYTHON.start(
        "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    )
    data = os.urandom(3_000_000)
    for start in range(0, len(data), 700_000):
        await process.write(memoryview(data)[start : start + 700_000])
    await process.close_stdin()
    assert await collect(process) == [hashlib.sha256(data).hexdigest()]
    assert await process.wait() == 0


async def test_a_program_that_does_not_read_stops_the_writer() -> None:
    process = await PYTHON.start("import time; print('up', flush=True); time.sleep(60)")
    lines = process.lines()
    assert await anext(lines) == "up"

    async def flood() -> None:
        for _ in range(100):
            await process.write(bytes(1 << 20))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await flood()
    process.kill()
    assert await end_of(process) == -signal.SIGTERM


async def test_writing_to_a_program_that_has_ended_is_a_broken_pipe() -> None:
    process = await PYTHON.start("pass")
    await end_of(process)

    async def flood() -> None:
        for _ in range(10):
            await process.write(bytes(1 << 20))

    with pytest.raises(BrokenPipeError):
        await flood()
    await process.close_stdin()
    process.kill()


async def test_the_exit_code_is_told() -> None:
    process = await PYTHON.start("raise SystemExit(5)")
    assert await end_of(process) == 5


async def test_a_program_that_ignores_the_first_signal_is_ended_by_the_second() -> None:
    process = await PYTHON.start(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(60)"
    )
    assert await anext(process.lines()) == "deaf"
    process.kill()
    process.kill()
    assert await end_of(process) == -signal.SIGKILL


async def test_the_child_has_a_process_group_of_its_own() -> None:
    process = await PYTHON.start("import os; print(os.getpgrp() == os.getpid())")
    assert await collect(process) == ["True"]
    assert await process.wait() == 0


async def test_a_program_that_does_not_exist_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        await LocalCommandLine(["/nonexistent/burner"]).start("-toc")


async def test_a_source_brings_its_data_apart_from_what_it_says() -> None:
    code = (
        "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4096); print('!', file=sys.stderr)"
    )
    source = await LocalCommandLine([sys.executable]).start_source("-c", code)
    data = b"".join([chunk async for chunk in source.chunks()])
    assert data == bytes(range(256)) * 4096
    assert await source.wait() == (0, "!\n")


async def test_a_source_that_nobody_hears_to_the_end_still_ends() -> None:
    code = (
        "import sys; sys.stdout.write('x' * 5_000_000); sys.stderr.write('y' * 50_000); sys.exit(4)"
    )
    source = await LocalCommandLine([sys.executable]).start_source("-c", code)
    exit_code, said = await source.wait()
    assert exit_code == 4
    assert 0 < len(said) <= 8192


async def test_a_source_can_be_killed() -> None:
    source = await LocalCommandLine(["sleep"]).start_source("600")
    source.kill()
    assert (await source.wait())[0] == -signal.SIGTERM


async def test_programs_speak_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    source = await LocalCommandLine(["sh"]).start_source("-c", "echo $LC_ALL")
    assert [chunk async for chunk in source.chunks()] == [b"C.UTF-8\n"]
    await source.wait()
