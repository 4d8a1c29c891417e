"""A short run of a program: bounded in time and in what it may say."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from hal.drivers.program.program import Program
from hal.errors import HalError
from hal.transports.command_line import LocalCommandLine
from tests.hal.drivers.fake_program import FakeProgram, MissingProgram


def python(code: str) -> LocalCommandLine:
    return LocalCommandLine([sys.executable, "-c", code])


async def test_lines_and_exit_code_are_told_of_a_real_program() -> None:
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)"
    outcome = await Program("a program", python(code), 30).run()
    assert outcome.exit_code == 3
    assert sorted(outcome.lines) == ["one", "two"]
    assert "exit code 3" in outcome.last_words


async def test_a_missing_program_has_a_number() -> None:
    with pytest.raises(HalError) as caught:
        await Program("mtx", LocalCommandLine(["/nowhere/mtx"]), 5).run("status")
    assert caught.value.code == 1040
    with pytest.raises(HalError) as caught:
        await Program("mtx", MissingProgram(), 5).run("status")
    assert caught.value.code == 1040


async def test_a_zero_byte_in_a_word_is_refused_before_anything_runs() -> None:
    with pytest.raises(HalError) as caught:
        await Program("lp", python(""), 5).run("a\0b")
    assert caught.value.code == 1040


async def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(HalError) as caught:
        await Program("smartctl", python(code), 1.5).run()
    assert caught.value.code == 1041
    pid = int(mark.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_program_that_does_not_stop_talking_is_ended() -> None:
    code = "while True: print('x' * 4000)"
    with pytest.raises(HalError) as caught:
        await Program("mtx", python(code), 60).run()
    assert caught.value.code == 1042


async def test_a_cancelled_call_leaves_no_program_behind() -> None:
    started = asyncio.Event()

    def hang(argv: tuple[str, ...]) -> None:
        started.set()

    fake = FakeProgram(hang)
    call = asyncio.create_task(Program("lp", fake, 60).run("x"))
    await started.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert fake.killed == 1
