"""The firmware of one appliance, put together: state, services, engine, agent; started and stopped.

Nothing here waits for the console or the broker: without them the engine finishes what it began,
and its events wait in the outbox.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version

from msgspec import Struct

from appliance.agent.agent import Agent, Pauses
from appliance.agent.command_desk import CommandDesk
from appliance.agent.event_sender import EventSender
from appliance.agent.link import Connector
from appliance.agent.outbox import Outbox
from appliance.agent.telemetry import TelemetryGroup
from appliance.contract.messages import Status
from appliance.contract.topics import Topics
from appliance.hardware import Hardware
from appliance.jobs.engine import Engine
from appliance.services.content import ContentClient
from appliance.services.gates import Gates
from appliance.services.library import Library
from appliance.services.state import open_state
from appliance.settings import Config

STOP_S = 15.0
"""How long a stop lets a motion end before breaking it off, which the next start makes good."""
_AGENT_AGAIN_S = 5.0

logger = logging.getLogger(__name__)


class Firmware:
    """One appliance between `start` and `stop`. Make it inside the running loop that serves it.

    The caller holds the state folder (`appliance.ownership`) and closes `content`; the firmware
    closes the hardware.
    """

    def __init__(
        self,
        config: Config,
        hardware: Hardware,
        *,
        connect: Connector,
        content: ContentClient,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._hardware = hardware
        self._connect = connect
        self._now = now
        self._topics = Topics(config.appliance.site, config.appliance.id)
        state_dir = config.appliance.state_dir
        self._db = open_state(state_dir / "state.db")
        self.outbox = Outbox(self._db, now, config.events.retention_events)
        self._library_pictures = self._telemetry("library", self._draw_library)
        self._jobs_pictures = self._telemetry("jobs", self._draw_jobs)
        self.gates = Gates()
        self.library = Library(
            self._db,
            hardware.units,
            events=self.outbox,
            now=now,
            changed=self._library_pictures.changed,
            interlock=self.gates.interlock,
        )
        self.engine = Engine(
            self._db,
            self.library,
            content,
            plans=state_dir / "plans",
            events=self.outbox,
            now=now,
            changed=self._jobs_pictures.changed,
            gates=self.gates,
        )
        self.agent = self._make_agent()
        self._agent_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin: commands are taken and unfinished jobs go on; the robot may still be coming."""
        await self.engine.start()
        self._agent_task = asyncio.create_task(self._keep_agent(), name="agent")

    async def stop(self) -> None:
        """End within seconds; what was under way goes on after the next start."""
        has_ended = True
        try:
            async with asyncio.timeout(STOP_S):
                await self.engine.stop()
        except TimeoutError:
            has_ended = False
            logger.warning("a motion did not end within %s s: it is broken off", STOP_S)
        if self._agent_task is not None:
            self._agent_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._agent_task
            self._agent_task = None
        await self._hardware.aclose()
        if has_ended:  # else a job still writes down how it was broken off
            self._db.close()

    def status(self) -> Status:
        """Who this is, and the number of its newest event."""
        return Status(
            site=self._config.appliance.site,
            appliance=self._config.appliance.id,
            online=True,
            at=self._now(),
            profile=self._config.appliance.profile,
            firmware=version("stele"),
            epoch=self.outbox.epoch,
            last_seq=self.outbox.last_seq,
        )

    def _draw_library(self) -> Struct:
        return self.library.telemetry()

    def _draw_jobs(self) -> Struct:
        return self.engine.jobs_telemetry()

    def _telemetry(self, group: str, picture: Callable[[], Struct]) -> TelemetryGroup:
        return TelemetryGroup(
            self._topics.telemetry(group),
            picture,
            shortest_s=self._config.telemetry.shortest_s,
            longest_s=self._config.telemetry.longest_s,
        )

    def _make_agent(self) -> Agent:
        sender = EventSender(self.outbox, self._topics.event)
        return Agent(
            topics=self._topics,
            connect=self._connect,
            status=self.status,
            events=sender,
            desk=CommandDesk(
                self._topics.command,
                submit=self.engine.submit,
                replay=sender.replay,
                alarms=self.library.alarms,
                now=self._now,
            ),
            telemetry=[self._library_pictures, self._jobs_pictures],
            pauses=Pauses(self._config.broker.retry_longest_s),
        )

    async def _keep_agent(self) -> None:
        """Run the agent; a surprise in it must not end a burn."""
        while True:
            try:
                await self.agent.run()
            except Exception:  # the boundary of the agent
                logger.exception("the agent failed and is started again")
            await asyncio.sleep(_AGENT_AGAIN_S)
