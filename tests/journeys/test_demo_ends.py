"""However the demo ends, nothing of it goes on running."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.trees import make_plain_tree

_PATIENCE_S = 60.0
_LINGER_S = 15.0
"""Longer than a supervisor gives its children, so nothing needs luck to be gone in time."""


def _processes_of(folder: Path) -> dict[int, str]:
    """Living processes that name the folder in their words or environment, or stand in it."""
    name = os.fsencode(folder)
    found: dict[int, str] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            words = (process / "cmdline").read_bytes()
            told = words + (process / "environ").read_bytes()
            told += os.fsencode((process / "cwd").readlink())
        except OSError:
            continue
        if name in told:
            found[int(process.name)] = words.replace(b"\0", b" ").decode("utf-8", "replace")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder below which the demo works. Whatever still runs there afterwards is ended."""
    yield tmp_path
    for process_id in _processes_of(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


@pytest.mark.parametrize(
    ("number", "until"),
    [
        pytest.param(signal.SIGINT, "The page:", id="interrupted-at-the-start"),
        pytest.param(signal.SIGINT, "jobs --watch", id="interrupted-in-a-command"),
        pytest.param(signal.SIGHUP, "Ctrl-C ends everything", id="terminal-closed"),
        pytest.param(signal.SIGKILL, "jobs --watch", id="killed"),
    ],
)
def test_no_process_is_left_behind(folder: Path, number: signal.Signals, until: str) -> None:
    source = make_plain_tree(folder / "s", dossiers=1, files=4, file_bytes=100_000)
    words = [sys.executable, "-m", "simulators.demo", "--port", "0", "--source", str(source)]
    demo = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": os.fspath(folder), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    assert demo.stdout
    with demo.stdout as said:
        assert any(until.encode() in line for line in said)
        assert len(_processes_of(folder)) > 5
        if number is signal.SIGINT:
            os.killpg(demo.pid, number)  # as a terminal does
        else:
            demo.send_signal(number)
        demo.wait(_PATIENCE_S)
    deadline_s = time.monotonic() + _LINGER_S
    while left := _processes_of(folder):
        assert time.monotonic() < deadline_s, left
        time.sleep(0.05)
    if number is not signal.SIGKILL:
        assert demo.returncode == 0
        assert [path.name for path in folder.iterdir()] == ["s"]
