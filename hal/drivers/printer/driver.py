"""A disc printer: CUPS prints (lp, lpstat), the printer maker's tool moves the tray.

One job at a time: what lies in the tray is one certain disc, so a job that fails is held in its
queue and never printed later on another. CUPS does not always tell a job that was aborted from one
that was printed (see PROTOCOL.md): the camera's look at the disc is the proof.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from hal.drivers.printer import codec
from hal.drivers.program.program import Outcome, Program
from hal.errors import HalError
from hal.transports.interfaces import CommandLine


@dataclass(frozen=True, slots=True)
class PrinterTiming:
    """Limits in seconds of the event loop's clock."""

    answer_s: float = 30.0
    tray_s: float = 30.0
    print_s: float = 600.0
    """One label at the best quality takes one to three minutes on inkjet printers [K]."""
    poll_s: float = 1.0
    trouble_s: float = 10.0
    """How long a printer may say that it lacks something before that ends the job."""


class CupsPrinter:
    """`DiscPrinter`. `tray` gets the word ``open`` or ``close``.

    Example::

        printer = CupsPrinter(
            "p1", "disc", LocalCommandLine(["lp"]), LocalCommandLine(["lpstat"]),
            LocalCommandLine(["disc-tray"]),
        )
    """

    verified = "simulator"

    def __init__(
        self,
        name: str,
        queue: str,
        lp: CommandLine,
        lpstat: CommandLine,
        tray: CommandLine,
        *,
        timing: PrinterTiming | None = None,
    ) -> None:
        self._name = name
        self._queue = queue
        self._timing = timing or PrinterTiming()
        self._lp = Program(f"lp of printer {name}", lp, self._timing.answer_s)
        self._lpstat = Program(f"lpstat of printer {name}", lpstat, self._timing.answer_s)
        self._tray = Program(f"the tray command of printer {name}", tray, self._timing.tray_s)
        self._one_call = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._name

    async def open_tray(self) -> None:
        """Raises: HalError: 3264 it does not open; 1040, 1041."""
        async with self._one_call:
            await self._move_tray("open")

    async def close_tray(self) -> None:
        """Raises: HalError: 3264 it does not close; 1040, 1041."""
        async with self._one_call:
            await self._move_tray("close")

    async def print(self, image: Path, title: str) -> None:
        """Print the image file; returns when the printer is done with the disc.

        Raises:
            HalError: 3260 no disc; 3261 out of ink; 3262 stopped or offline; 3263 aborted;
                3265 no such queue; 1040 to 1042.
        """
        async with self._one_call:
            await self._require_enabled()
            run = await self._lp.run(
                *codec.print_argv(self._queue, codec.title_of(title), str(image))
            )
            request = codec.parse_request(run.lines)
            if run.exit_code != 0 or request is None:
                raise self._refused(run)
            try:
                await self._wait_until_printed(request)
            except BaseException:
                await asyncio.shield(asyncio.ensure_future(self._hold(request)))
                raise

    # Inside -----------------------------------------------------------------------------------

    async def _move_tray(self, word: str) -> None:
        run = await self._tray.run(word)
        if run.exit_code != 0:
            raise HalError(
                3264, f"the tray of printer {self._name} does not {word}", run.last_words
            )

    async def _require_enabled(self) -> codec.Queue:
        """Its reasons may be left from an earlier job, so only its state counts here."""
        queue = await self._ask_queue()
        if queue.state is codec.QueueState.DISABLED:
            raise self._stopped(queue)
        return queue

    async def _wait_until_printed(self, request: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timing.print_s
        trouble_since: float | None = None
        while job := await self._find(request, "not-completed"):
            queue = await self._require_enabled()
            if codec.is_stuck(job):
                raise self._stopped(queue)
            if codec.classify_reasons(queue.reasons) is None:
                trouble_since = None
            elif trouble_since is None:
                trouble_since = loop.time()
            elif loop.time() - trouble_since >= self._timing.trouble_s:
                raise self._stopped(queue)
            if loop.time() >= deadline:
                raise HalError(
                    3262, f"printer {self._name} has not printed in {self._timing.print_s:g} s"
                )
            await asyncio.sleep(self._timing.poll_s)
        done = await self._find(request, "completed")
        if done is not None and codec.was_aborted(done):
            reasons = " ".join(sorted(done.reasons))
            raise HalError(3263, f"printer {self._name} has aborted", reasons)

    def _stopped(self, queue: codec.Queue) -> HalError:
        code, reason = codec.classify_reasons(queue.reasons) or (3262, "it has stopped")
        return HalError(code, f"printer {self._name}: {reason}", " ".join(sorted(queue.reasons)))

    async def _find(self, request: str, which: str) -> codec.Job | None:
        jobs = await self._ask_jobs(which)
        return next((job for job in jobs if job.request == request), None)

    async def _ask_queue(self) -> codec.Queue:
        run = await self._lpstat.run(*codec.queue_argv(self._queue))
        queue = codec.parse_queue(run.lines, self._queue)
        if run.exit_code != 0 or queue is None:
            raise self._refused(run)
        return queue

    async def _ask_jobs(self, which: str) -> tuple[codec.Job, ...]:
        run = await self._lpstat.run(*codec.jobs_argv(self._queue, which))
        if run.exit_code != 0:
            raise self._refused(run)
        return codec.parse_jobs(run.lines)

    async def _hold(self, request: str) -> None:
        with contextlib.suppress(HalError):  # the first failure is what counts
            await self._lp.run(*codec.hold_argv(request))

    def _refused(self, run: Outcome) -> HalError:
        if codec.has_no_scheduler(run.lines):
            return HalError(3262, f"CUPS of printer {self._name} is not running", run.last_words)
        if codec.is_unknown_queue(run.lines):
            return HalError(
                3265, f"CUPS knows no queue {self._queue} of printer {self._name}", run.last_words
            )
        return HalError(
            1042, f"CUPS says of printer {self._name} what is no answer", run.last_words
        )
