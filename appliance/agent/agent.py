"""The appliance's side of the broker: it connects, says that it is there, listens and tells.

Nothing in the appliance waits for the agent. While there is no broker, events stay in the outbox
and the agent tries again, at growing intervals.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable

import msgspec

from appliance.agent.command_desk import CommandDesk
from appliance.agent.event_sender import EventSender
from appliance.agent.link import Connector, Link, LinkError, Will
from appliance.agent.telemetry import TelemetryGroup
from appliance.contract.messages import Status, encode
from appliance.contract.topics import Topics

_FIRST_PAUSE_S = 1.0
_FAREWELL_S = 2.0
_STATUS_REFRESH_S = 10.0
_STATUS_LONGEST_S = 60.0
"""Said anew at least this often: a last will that came late must not stand for long."""

logger = logging.getLogger(__name__)


class Pauses:
    """How long to wait before each attempt to connect: doubling, with jitter, up to a limit."""

    def __init__(self, longest_s: float, draw: Callable[[], float] = random.random) -> None:
        self._longest_s = longest_s
        self._draw = draw
        self._next_s = _FIRST_PAUSE_S

    def next_s(self) -> float:
        """Between half and all of the current pause, so that a fleet does not come at once."""
        pause_s = min(self._next_s, self._longest_s)
        self._next_s = min(2 * pause_s, self._longest_s)
        return pause_s * (0.5 + 0.5 * self._draw())

    def reset(self) -> None:
        self._next_s = _FIRST_PAUSE_S


class Agent:
    """Runs from start to stop of the firmware; cancel `run` to take leave of the broker."""

    def __init__(
        self,
        *,
        topics: Topics,
        connect: Connector,
        status: Callable[[], Status],
        events: EventSender,
        desk: CommandDesk,
        telemetry: Iterable[TelemetryGroup],
        pauses: Pauses,
    ) -> None:
        self._topics = topics
        self._connect = connect
        self._status = status
        self._events = events
        self._desk = desk
        self._telemetry = tuple(telemetry)
        self._pauses = pauses
        self.connected = asyncio.Event()
        """Set while a link stands and the status was published on it."""

    async def run(self) -> None:
        """Connect and serve, again and again."""
        try:
            while True:
                try:
                    async with self._connect(self._will()) as link:
                        await self._serve(link)
                except* LinkError as lost:
                    self._report(lost)
                finally:
                    self.connected.clear()
                await asyncio.sleep(self._pauses.next_s())
        finally:
            self._desk.close()

    def _will(self) -> Will:
        return Will(self._topics.status, encode(self._absent()))

    def _absent(self) -> Status:
        return msgspec.structs.replace(self._status(), online=False, epoch="", last_seq=0)

    def _report(self, lost: BaseExceptionGroup[LinkError]) -> None:
        error: BaseException = lost
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        detail = error.detail if isinstance(error, LinkError) else ""
        logger.warning("%s%s", error, f": {detail}" if detail else "")

    async def _serve(self, link: Link) -> None:
        await link.subscribe(self._topics.command)
        await link.publish(self._topics.status, encode(self._status()), qos=1, retain=True)
        logger.info("connected to the broker")
        self._pauses.reset()
        self.connected.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(link))
                tasks.create_task(self._events.run(link))
                tasks.create_task(self._keep_status(link))
                for group in self._telemetry:
                    tasks.create_task(group.run(link))
        except asyncio.CancelledError:
            await self._take_leave(link)
            raise

    async def _listen(self, link: Link) -> None:
        async for message in link.messages():
            if reply := self._desk.answer(message):
                await link.publish(self._topics.reply, encode(reply), qos=1)

    async def _keep_status(self, link: Link) -> None:
        """Keep the retained status' event number fresh, for consoles that come later."""
        loop = asyncio.get_running_loop()
        said, said_at_s = self._status(), loop.time()
        while True:
            await asyncio.sleep(_STATUS_REFRESH_S)
            status = self._status()
            if status.last_seq == said.last_seq and loop.time() - said_at_s < _STATUS_LONGEST_S:
                continue
            await link.publish(self._topics.status, encode(status), qos=1, retain=True)
            said, said_at_s = status, loop.time()

    async def _take_leave(self, link: Link) -> None:
        """Say that the appliance goes on purpose: the broker then forgets the last will."""
        with contextlib.suppress(LinkError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await link.publish(self._topics.status, encode(self._absent()), qos=1, retain=True)
