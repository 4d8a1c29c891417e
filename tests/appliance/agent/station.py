"""An agent over a broker in memory, with an outbox on disk and a ledger in place of the engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from appliance.agent.agent import Agent, Pauses
from appliance.agent.command_desk import CommandDesk
from appliance.agent.event_sender import EventSender
from appliance.agent.outbox import Outbox
from appliance.agent.telemetry import TelemetryGroup
from appliance.contract.messages import (
    Command,
    CommandBody,
    Event,
    JobsTelemetry,
    Reply,
    Status,
    encode,
)
from appliance.contract.topics import Topics
from appliance.services.alarms import Alarms
from appliance.services.state import open_state
from tests.appliance.agent.memory_broker import MemoryBroker

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


class Ledger:
    """Answers commands as an engine does: once, and the same answer again."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.answers: dict[str, Reply] = {}
        self._failure: Exception | None = None

    def submit(self, command: Command) -> Reply:
        if self._failure is not None:
            raise self._failure
        if known := self.answers.get(command.id):
            return msgspec.structs.replace(known, duplicate=True)
        self.answers[command.id] = Reply(command.id, self._now(), accepted=True, job_id=command.id)
        return self.answers[command.id]

    def fail_with(self, failure: Exception) -> None:
        """Let every new command fail from now on."""
        self._failure = failure


class Station:
    """The parts of one appliance that the agent joins; made inside a running loop."""

    def __init__(self, folder: Path, broker: MemoryBroker, *, retention_events: int = 1000) -> None:
        self.broker = broker
        self.topics = Topics("north", "rack-1")
        loop = asyncio.get_running_loop()
        self.now = lambda: STARTED + timedelta(seconds=loop.time())
        self.db = open_state(folder / "state.db")
        self.outbox = Outbox(self.db, self.now, retention_events)
        self.ledger = Ledger(self.now)
        self.sender = EventSender(self.outbox, self.topics.event)
        self.desk = CommandDesk(
            self.topics.command,
            submit=self.ledger.submit,
            replay=self.sender.replay,
            alarms=Alarms(self.db, self.outbox, self.now),
            now=self.now,
        )
        self.jobs = TelemetryGroup(
            self.topics.telemetry("jobs"),
            lambda: JobsTelemetry(self.now(), []),
            shortest_s=0.5,
            longest_s=10.0,
        )
        self.agent = Agent(
            topics=self.topics,
            connect=broker.connect,
            status=self.status,
            events=self.sender,
            desk=self.desk,
            telemetry=[self.jobs],
            pauses=Pauses(30.0),
        )

    def status(self) -> Status:
        return Status(
            site="north",
            appliance="rack-1",
            online=True,
            at=self.now(),
            epoch=self.outbox.epoch,
            last_seq=self.outbox.last_seq,
        )

    def command(self, command_id: str, body: CommandBody) -> bytes:
        return encode(Command(command_id, self.now(), body))

    def events(self) -> list[Event]:
        return [
            msgspec.json.decode(payload, type=Event)
            for payload in self.broker.on(self.topics.event)
        ]

    def replies(self) -> list[Reply]:
        return [
            msgspec.json.decode(payload, type=Reply)
            for payload in self.broker.on(self.topics.reply)
        ]

    def retained_status(self) -> Status:
        return msgspec.json.decode(self.broker.retained[self.topics.status], type=Status)

    async def ask(self, payload: bytes, within_s: float = 1.0) -> None:
        """Deliver a message to the command topic and give the agent time to answer."""
        self.broker.send(self.topics.command, payload)
        await asyncio.sleep(within_s)


@asynccontextmanager
async def station(
    folder: Path, broker: MemoryBroker | None = None, *, retention_events: int = 1000
) -> AsyncIterator[Station]:
    """A running station; at the end its agent takes leave."""
    made = Station(folder, broker or MemoryBroker(), retention_events=retention_events)
    running = asyncio.create_task(made.agent.run())
    try:
        await asyncio.sleep(0.1)
        yield made
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        made.db.conn.close()
