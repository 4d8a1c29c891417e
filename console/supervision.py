"""Child processes that must run: started, awaited, restarted with back-off, ended together.

Each child runs in a session of its own, so that Ctrl-C reaches only the supervisor, which then
ends them in order. The kernel kills a child when the supervisor dies, however it dies.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.contract.errors import SteleError

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0
"""A child that ran this long starts its back-off anew."""
_POLL_S = 0.05
_LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """What to run. `ready` is asked until it says yes; it gets the child's process id."""

    name: str
    argv: list[str]
    ready: Callable[[int], Awaitable[bool]]
    ready_timeout_s: float = 60.0
    stop_timeout_s: float = 3.0


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when process `parent` is gone. For use after fork."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


class Child:
    """One supervised process."""

    def __init__(self, plan: ChildPlan, logs: Path) -> None:
        self.plan = plan
        self.log_path = logs / f"{plan.name}.log"
        self.restarts = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            SteleError: 5454 it ended, or was not ready in time; its last words are the detail.
        """
        process = self._process = await self._spawn()
        try:
            async with asyncio.timeout(self.plan.ready_timeout_s):
                while not await self.plan.ready(process.pid):
                    if process.returncode is not None:
                        raise self._failure(f"ended with {process.returncode}")
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise self._failure("was not ready in time") from None

    async def keep_running(self) -> None:
        """Start the process again whenever it ends, until this task is cancelled."""
        loop = asyncio.get_running_loop()
        pause_s = _FIRST_PAUSE_S
        while self._process is not None:
            since_s = loop.time()
            status = await self._process.wait()
            if loop.time() - since_s > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            log.error("[5456] %s ended with %s, restart in %.1f s", self.plan.name, status, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            self.restarts += 1
            self._process = await self._spawn()

    async def stop(self) -> None:
        """Ask the process to end, and kill its whole session if it does not in time."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.plan.stop_timeout_s):
                await process.wait()
        except TimeoutError:
            log.warning("%s did not end in time and is killed", self.plan.name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > _LOG_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        parent = os.getpid()
        with self.log_path.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *self.plan.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )

    def _failure(self, what: str) -> SteleError:
        lines = self.log_path.read_text("utf-8", "replace").splitlines()[-20:]
        return SteleError(
            5454, f"{self.plan.name} {what}; its log is {self.log_path}", "\n".join(lines)
        )
