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
from appliance.contract.messages import Locate, Status
from appliance.contract.topics import Topics
from appliance.guard import Guard
from appliance.hardware import Hardware
from appliance.jobs.engine import Engine
from appliance.labels.desk import LabelDesk
from appliance.local.desk import LocalDesk
from appliance.local.server import LocalServer
from appliance.services.content import ContentClient
from appliance.services.fittings import Fittings
from appliance.services.gates import Gates
from appliance.services.library import Library
from appliance.services.printing import Printing
from appliance.services.state import open_state
from appliance.services.stores import make_stores
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
        self._air_pictures = self._telemetry("environment", self._draw_air)
        self._door_pictures = self._telemetry("access", self._draw_doors)
        self._alarm_pictures = self._telemetry("alarms", self._draw_alarms)
        self.gates = Gates(self._air_pictures.changed)
        self.library = Library(
            self._db,
            hardware.units,
            events=self.outbox,
            now=now,
            changed=self._library_pictures.changed,
            interlock=self.gates.interlock,
        )
        self.library.alarms.watch(self._alarm_pictures.changed)
        self.guard = Guard(
            config,
            hardware,
            gates=self.gates,
            alarms=self.library.alarms,
            events=self.outbox,
            now=now,
            air_changed=self._air_pictures.changed,
            doors_changed=self._door_pictures.changed,
        )
        self.stores = make_stores(
            self._db,
            hardware,
            self.guard.disks,
            library=self.library,
            events=self.outbox,
            changed=self._library_pictures.changed,
        )
        self.printing = self._make_printing()
        self.fittings = Fittings(
            self._db,
            hardware,
            self.library,
            events=self.outbox,
            now=now,
            changed=self._library_pictures.changed,
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
            acts={**self.guard.acts, Locate: self.fittings.locate},
            stores=self.stores,
            printing=self.printing,
            fittings=self.fittings,
        )
        self.agent = self._make_agent()
        self.local = self._make_local()
        self._agent_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin: commands are taken and unfinished jobs go on; the robot may still be coming."""
        self.guard.start()
        self.fittings.start()
        await self.engine.start()
        self.guard.follow(self.engine)
        await self.local.start()
        self._agent_task = asyncio.create_task(self._keep_agent(), name="agent")

    async def stop(self) -> None:
        """End within seconds; what was under way goes on after the next start."""
        await self.local.stop()
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
        await self.fittings.stop()
        await self.guard.stop()
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

    def _make_printing(self) -> Printing | None:
        printer, settings = self._hardware.printer, self._config.printer
        if printer is None:
            return None
        return Printing(
            self._db,
            printer,
            self._hardware.camera,
            LabelDesk(font=settings.font if settings else ""),
            folder=self._config.appliance.state_dir / "labels",
            media=self.library.media,
            alarms=self.library.alarms,
            changed=self._library_pictures.changed,
        )

    def _draw_library(self) -> Struct:
        picture = self.fittings.shown(self.stores.shown(self.library.telemetry()))
        return self.printing.shown(picture) if self.printing else picture

    def _draw_jobs(self) -> Struct:
        return self.engine.jobs_telemetry()

    def _draw_air(self) -> Struct:
        return self.guard.monitor.telemetry()

    def _draw_doors(self) -> Struct:
        return self.guard.access.telemetry()

    def _draw_alarms(self) -> Struct:
        return self.library.alarms.telemetry()

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
            telemetry=self._pictures.values(),
            pauses=Pauses(self._config.broker.retry_longest_s),
        )

    @property
    def _pictures(self) -> dict[str, TelemetryGroup]:
        return {
            "library": self._library_pictures,
            "jobs": self._jobs_pictures,
            "environment": self._air_pictures,
            "access": self._door_pictures,
            "alarms": self._alarm_pictures,
        }

    def _make_local(self) -> LocalServer:
        place = self._config.appliance.state_dir / "local.sock"
        return LocalServer(
            self._config.local.socket or place,
            desk=LocalDesk(
                self.engine,
                self.guard.access,
                self.library.alarms,
                self.guard.ask_history,
                now=self._now,
            ),
            pictures=self._pictures,
            alarms=lambda: self.library.alarms.telemetry(at_cabinet=True),
            now=self._now,
        )

    async def _keep_agent(self) -> None:
        """Run the agent; a surprise in it must not end a burn."""
        while True:
            try:
                await self.agent.run()
            except Exception:  # the boundary of the agent
                logger.exception("the agent failed and is started again")
            await asyncio.sleep(_AGENT_AGAIN_S)
