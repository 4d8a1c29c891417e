"""One connection to a GRBL controller: lines out, answers in, in order and counted.

A session lives from connecting until the link fails; then `failure` says why, and the controller
makes a new one. Alarms and resets do not end a session, but every call that waits fails with them.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from hal.drivers.grbl import codec
from hal.drivers.grbl.faults import RESET_CODE, alarm_error
from hal.drivers.grbl.timing import GrblTiming
from hal.drivers.grbl.unanswered import Line, Unanswered, look
from hal.errors import HalError
from hal.transports.interfaces import SerialLink

T = TypeVar("T")

HELD_STATES = frozenset({"Hold", "Door"})


class Session:
    """The conversation over one open link. `start` before use, `aclose` after."""

    def __init__(self, link: SerialLink, name: str, timing: GrblTiming) -> None:
        self.name = name
        self.failure: HalError | None = None
        self.alarm: int | None = None
        self.restarts = 0
        """Welcome lines that nobody asked for: each means that the position was lost."""
        self.work_offset: tuple[float, ...] = ()
        self.probed: codec.Probed | None = None
        self.settings: dict[int, str] = {}
        self._link = link
        self._timing = timing
        self._unanswered = Unanswered(name)
        self._turn = asyncio.Lock()
        self._quiet = False
        self._status_waiters: list[asyncio.Future[codec.Status]] = []
        self._welcome: asyncio.Future[None] | None = None
        self._splitter = codec.LineSplitter()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._read(), name=f"{self.name} reader"),
            asyncio.create_task(self._beat(), name=f"{self.name} heartbeat"),
        ]

    async def send(self, text: str, timeout_s: float | None = None, *, quiet: bool = False) -> None:
        """Send one line and wait for its ``ok``; a ``$`` line is sent with nothing else under way.

        `quiet`: the controller answers nothing else meanwhile (homing).

        Raises:
            HalError: 10xx, 20xx.
        """
        if not text.startswith("$"):
            await self.stream([text], timeout_s)
            return
        async with self._turn:
            while self._unanswered:
                await self._wait_answer(self._unanswered.oldest, self._timing.move_s)
            line = await self._put(text)
            self._quiet = quiet
            line.answer.add_done_callback(self._end_quiet)
            await self._wait_answer(line, timeout_s or self._timing.answer_s)
        line.answer.result()

    async def stream(self, texts: Iterable[str], timeout_s: float | None = None) -> None:
        """Send lines one after the other as the receive buffer has room; wait for all answers.

        The first refusal is raised at the end: the controller has worked off the other lines.
        """
        limit_s = timeout_s or self._timing.answer_s
        lines = []
        for text in texts:
            size = len(codec.encode_line(text))
            async with self._turn:
                while not self._unanswered.has_room(size):
                    await self._wait_answer(self._unanswered.oldest, limit_s)
                lines.append(await self._put(text))
        for line in lines:
            await self._wait_answer(line, limit_s)
        for line in lines:
            line.answer.result()

    async def status(self) -> codec.Status:
        """Ask for a report, as soon as the controller can answer. Questions share an answer.

        Raises:
            HalError: 1003 no answer in time; the session is over.
        """
        waiter: asyncio.Future[codec.Status] = asyncio.get_running_loop().create_future()
        waiter.add_done_callback(look)
        self._status_waiters.append(waiter)
        try:
            while not waiter.done():
                if self._deaf:
                    await asyncio.wait({waiter}, timeout=self._timing.heartbeat_busy_s)
                    continue
                await self.write(codec.STATUS_QUERY)
                await asyncio.wait({waiter}, timeout=self._timing.answer_s)
                if not waiter.done() and not self._deaf:
                    self._end(HalError(1003, f"{self.name} does not answer", "no status"))
            return waiter.result()
        finally:
            self._status_waiters.remove(waiter)

    async def reset(self) -> None:
        """Soft reset, and wait for the welcome line. Clears every alarm.

        Raises:
            HalError: 1003 no welcome.
        """
        self._check()
        self._fail_waiting(HalError(RESET_CODE, f"{self.name} was reset"))
        self._welcome = asyncio.get_running_loop().create_future()
        try:
            await self.write(codec.SOFT_RESET)
            async with asyncio.timeout(self._timing.welcome_s):
                await self._welcome
        except TimeoutError:
            error = HalError(1003, f"{self.name} does not come back from a reset")
            self._end(error)
            raise error from None
        finally:
            self._welcome = None
        self.alarm = None

    async def write(self, data: bytes) -> None:
        """Bytes as they are; also for realtime characters."""
        self._check()
        await self._guard(self._link.write(data))

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end(HalError(1002, f"{self.name} was closed"))
        with contextlib.suppress(HalError, OSError):
            await self._link.aclose()

    # Waiting ----------------------------------------------------------------------------------

    async def _put(self, text: str) -> Line:
        self._check()
        data = codec.encode_line(text)
        line = self._unanswered.add(text, len(data))
        await self.write(data)
        return line

    async def _wait_answer(self, line: Line, limit_s: float) -> None:
        """Wait until the line is answered, well or not. Time in hold is not counted."""
        left_s = limit_s
        while True:
            slice_s = min(left_s, limit_s if self._quiet else self._timing.heartbeat_busy_s)
            await asyncio.wait({line.answer}, timeout=slice_s)
            if line.answer.done():
                return
            if self._quiet or (await self.status()).state not in HELD_STATES:
                left_s -= slice_s
            if left_s <= 0 and not line.answer.done():
                raise HalError(2023, f"{self.name} has not finished {line.text!r} in {limit_s} s")

    @property
    def _deaf(self) -> bool:
        """Whether the controller is homing or starting, and questions are lost."""
        return self._quiet or self._welcome is not None

    def _end_quiet(self, _: asyncio.Future[None]) -> None:
        self._quiet = False

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def _guard(self, doing: Awaitable[T]) -> T:
        """Do something with the link; its failure ends the session."""
        try:
            return await doing
        except HalError as error:
            self._end(error)
            raise
        except OSError as error:
            lost = HalError(1002, f"the line to {self.name} is gone", str(error))
            self._end(lost)
            raise lost from error

    # Receiving --------------------------------------------------------------------------------

    async def _read(self) -> None:
        with contextlib.suppress(HalError):
            while True:
                for line in self._splitter.feed(await self._guard(self._link.read())):
                    self._take(codec.parse_line(line))

    async def _beat(self) -> None:
        """Notice a controller that died while nothing was asked of it."""
        with contextlib.suppress(HalError):
            while True:
                await asyncio.sleep(self._timing.heartbeat_idle_s)
                if not self._unanswered and self.alarm is None:
                    await self.status()

    def _take(self, message: codec.Message) -> None:
        match message:
            case codec.Ok():
                self._unanswered.answer(None)
            case codec.Refused(number):
                self._unanswered.answer(number)
            case codec.Status():
                self._take_status(message)
            case codec.Alarm(number):
                self.alarm = number
                self._fail_waiting(alarm_error(self.name, number))
            case codec.Welcome():
                self._take_welcome()
            case codec.Probed():
                self.probed = message
            case codec.Setting(number, value):
                self.settings[number] = value
            case _:
                pass

    def _take_status(self, status: codec.Status) -> None:
        if status.work_offset is not None:
            self.work_offset = status.work_offset
        for waiter in self._status_waiters:
            if not waiter.done():
                waiter.set_result(status)

    def _take_welcome(self) -> None:
        if self._welcome is not None:
            if not self._welcome.done():
                self._welcome.set_result(None)
            return
        self.restarts += 1
        self.alarm = None
        self._fail_waiting(HalError(RESET_CODE, f"{self.name} has restarted by itself"))

    def _fail_waiting(self, error: HalError) -> None:
        """Nothing that was sent will be answered any more."""
        self._unanswered.fail(error)
        for waiter in self._status_waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _end(self, error: HalError) -> None:
        if self.failure is None:
            self.failure = error
        self._fail_waiting(error)
        if self._welcome is not None and not self._welcome.done():
            self._welcome.set_exception(error)
