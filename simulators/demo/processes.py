"""Long-running processes of the demo: started, watched, and ended again without a trace."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_STOP_S = 20.0
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)
_COMMANDS = Path(sys.executable).parent


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


def command(name: str) -> str:
    """The product's command `name`, from the environment that runs this demo."""
    return os.fspath(_COMMANDS / name)


def ends_with_us() -> Callable[[], None]:
    """What a new process does before its program starts, so that it ends when we are killed."""
    parent = os.getpid()

    def arrange() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # killed before we could ask
            os._exit(1)

    return arrange


class Processes:
    """Starts processes in sessions of their own, so that one Ctrl-C reaches only the demo."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._stack = ExitStack()
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, *argv: str, ready: str = "ready", within_s: float = 60.0
    ) -> subprocess.Popen[bytes]:
        """Start a process and wait for a line of its output that holds `ready`.

        Raises:
            DemoError: it ended first or took too long; the text has the end of its log.
        """
        path = self._logs / f"{name}.log"
        log = self._stack.enter_context(path.open("ab"))
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=ends_with_us(),  # noqa: PLW1509 - the demo has a single thread
        )
        self._running.append((name, process))
        deadline_s = time.monotonic() + within_s
        while ready not in path.read_text("utf-8", "replace"):
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise DemoError(f"{name} did not start:\n{self.tail(name)}")
            time.sleep(0.05)
        return process

    def restart(self, name: str, *argv: str, ready: str = "ready") -> subprocess.Popen[bytes]:
        """Start a process again that has ended, or for the first time, with a fresh log."""
        self._running = [(other, process) for other, process in self._running if other != name]
        log = self._logs / f"{name}.log"
        if log.exists():
            log.rename(log.with_suffix(f".{time.monotonic_ns()}.log"))
        return self.start(name, *argv, ready=ready)

    def tail(self, name: str, lines: int = 15) -> str:
        """The end of a process's log."""
        text = (self._logs / f"{name}.log").read_text("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    def check(self) -> None:
        """Raise DemoError if a process has ended that should not have."""
        for name, process in self._running:
            if process.poll() is not None:
                raise DemoError(f"{name} ended with {process.returncode}:\n{self.tail(name)}")

    def stop(self) -> None:
        """End all, last started first; a process that will not end is killed with its session."""
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()
        self._stack.close()


@contextmanager
def processes(logs: Path) -> Iterator[Processes]:
    """Processes that are gone when the block ends, however it ends."""
    group = Processes(logs)
    try:
        yield group
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of them
        group.stop()
