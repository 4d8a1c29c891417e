"""The agent against Mosquitto and NATS: killed with -9 and started again, refusing, silent."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from appliance.agent.agent import Agent, Pauses
from appliance.agent.link import LinkError, Will
from appliance.agent.mqtt import MqttConnector
from appliance.contract.messages import Cancel, Event, GrantWanted, Replay, Reply, Status
from appliance.settings import BrokerSettings
from tests.appliance.agent.memory_broker import MemoryBroker
from tests.appliance.agent.real_broker import MAKERS, RealBroker, running_broker
from tests.appliance.agent.station import Station

pytestmark = pytest.mark.parametrize("kind", list(MAKERS))
PATIENCE_S = 30.0
WILL = Will("stele/1/north/rack-1/status", b"gone")


class Console:
    """A watcher with a kept session, that remembers whatever the appliance said."""

    def __init__(self, broker: RealBroker) -> None:
        self._broker = broker
        self.heard: list[tuple[str, bytes]] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with self._client("watcher", clean=False) as client:
                    await client.subscribe("stele/1/north/rack-1/#", qos=1)
                    async for message in client.messages:
                        self.heard.append((str(message.topic), bytes(message.payload)))
                        self._news.set()
            await asyncio.sleep(0.1)

    async def send(self, payload: bytes) -> None:
        async with self._client("sender", clean=True) as client:
            await client.publish("stele/1/north/rack-1/command", payload, qos=1)

    def events(self) -> list[Event]:
        return [msgspec.json.decode(p, type=Event) for t, p in self.heard if t.endswith("/event")]

    def replies(self) -> list[Reply]:
        return [msgspec.json.decode(p, type=Reply) for t, p in self.heard if t.endswith("/reply")]

    def status(self) -> Status | None:
        said = [p for t, p in self.heard if t.endswith("/status")]
        return msgspec.json.decode(said[-1], type=Status) if said else None

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for messages until the condition holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _client(self, name: str, *, clean: bool) -> aiomqtt.Client:
        return aiomqtt.Client(
            "127.0.0.1", self._broker.port, identifier=name, clean_session=clean, timeout=5
        )


@asynccontextmanager
async def pulled_cable(port: int) -> AsyncIterator[tuple[int, Callable[[], None]]]:
    """A port that leads to `port`, and a function that breaks whatever goes through it."""
    ends: list[asyncio.StreamWriter] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, onward[1]), copy(onward[0], writer))

    def pull() -> None:
        for end in ends:
            end.transport.abort()

    async with await asyncio.start_server(join, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], pull
        pull()


@asynccontextmanager
async def fleet(folder: Path, broker: RealBroker) -> AsyncIterator[tuple[Station, Console]]:
    """A station whose agent speaks to the real broker, and a console that listens."""
    here, console = Station(folder, MemoryBroker()), Console(broker)
    agent = Agent(
        topics=here.topics,
        connect=MqttConnector(BrokerSettings(url=broker.url, timeout_s=5), "stele-north-rack-1"),
        status=here.status,
        events=here.sender,
        desk=here.desk,
        telemetry=[here.jobs],
        pauses=Pauses(0.5),
    )
    tasks = [asyncio.create_task(console.listen()), asyncio.create_task(agent.run())]
    try:
        await console.until(lambda: (status := console.status()) is not None and status.online)
        yield here, console
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        here.db.conn.close()


async def test_a_broker_killed_in_the_middle_loses_and_doubles_no_effect(
    kind: str, tmp_path: Path
) -> None:
    with running_broker(kind, tmp_path) as broker:
        async with fleet(tmp_path, broker) as (here, console):
            for number in range(1, 121):
                here.outbox.append(GrantWanted(f"job-{number}"))
                await asyncio.sleep(0)
                if number == 60:
                    await console.until(lambda: len(console.events()) > 10)
                    broker.kill()
                if number == 90:
                    broker.start()

            def complete() -> bool:
                return {event.seq for event in console.events()} == set(range(1, 121))

            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(6):
                    await console.until(complete)
            if not complete():  # the broker lost what it had confirmed: that is what Replay is for
                await console.send(here.command("fill", Replay(here.outbox.epoch, 1)))
            await console.until(complete)
            by_seq = {}
            for event in console.events():
                assert by_seq.setdefault(event.seq, event) == event, "told twice, but the same"
            assert [by_seq[seq].body for seq in range(1, 121)] == [
                GrantWanted(f"job-{number}") for number in range(1, 121)
            ]


async def test_commands_are_answered_also_after_the_broker_was_killed(
    kind: str, tmp_path: Path
) -> None:
    with running_broker(kind, tmp_path) as broker:
        async with fleet(tmp_path, broker) as (here, console):
            await console.send(here.command("c-1", Cancel("job")))
            await console.until(lambda: len(console.replies()) == 1)
            console.heard.clear()
            broker.kill()
            broker.start()
            await console.until(lambda: (s := console.status()) is not None and s.online)
            await console.send(here.command("c-1", Cancel("job")))
            await console.until(lambda: any(reply.duplicate for reply in console.replies()))
            await console.send(b"not json")
            await console.until(lambda: len(console.events()) == 1)
            assert list(here.ledger.answers) == ["c-1"]


async def test_the_last_will_speaks_when_the_cable_is_pulled(kind: str, tmp_path: Path) -> None:
    with running_broker(kind, tmp_path) as broker:
        console = Console(broker)
        listening = asyncio.create_task(console.listen())
        async with pulled_cable(broker.port) as (port, pull):
            connect = MqttConnector(BrokerSettings(url=f"mqtt://127.0.0.1:{port}"), "stele-a")
            async with connect(WILL) as link:
                await link.publish(WILL.topic, b"here", qos=1, retain=True)
                await console.until(lambda: console.heard[-1:] == [(WILL.topic, b"here")])
                pull()
                with pytest.raises(LinkError) as caught:
                    await anext(aiter(link.messages()))
                assert caught.value.code == 1103
            await console.until(lambda: console.heard[-1] == (WILL.topic, WILL.payload))
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def test_a_new_connection_silences_a_dead_one_of_the_same_appliance(
    kind: str, tmp_path: Path
) -> None:
    with running_broker(kind, tmp_path) as broker:
        connect = MqttConnector(BrokerSettings(url=broker.url), "stele-a")
        async with connect(WILL) as dead, connect(WILL) as alive:
            with pytest.raises(LinkError) as caught:
                await anext(aiter(dead.messages()))
            assert caught.value.code == 1103
            await alive.publish(WILL.topic, b"here", qos=1, retain=True)


async def test_a_message_beyond_the_limit_of_a_command_is_refused(
    kind: str, tmp_path: Path
) -> None:
    with running_broker(kind, tmp_path) as broker:
        async with fleet(tmp_path, broker) as (_, console):
            await console.send(b" " * (2 << 20))
            await console.until(lambda: len(console.events()) == 1)
            assert "1111" in repr(console.events()[0])


async def test_a_broker_that_is_not_there_is_a_numbered_failure(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = MAKERS[kind](tmp_path)
    connect = MqttConnector(BrokerSettings(url=broker.url), "stele-north-rack-1")
    with caplog.at_level(logging.INFO), pytest.raises(LinkError) as caught:
        await connect(Will("t", b"")).__aenter__()
    assert caught.value.code == 1101
