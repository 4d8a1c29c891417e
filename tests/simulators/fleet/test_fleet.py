"""A fleet at a real broker: what is said arrives, whatever was lost on purpose can be asked for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from appliance.contract.messages import Command, Event, Replay, Reply, Status, encode
from appliance.contract.topics import ALL_EVENTS, ALL_REPLIES, ALL_STATUS, ALL_TELEMETRY
from console.addresses import Addresses
from console.broker import broker_program, write_broker_config
from console.store import schema
from console.worker import Worker
from simulators.fleet.connection import Broker
from simulators.fleet.fleet import Fleet
from simulators.fleet.scenario import Scenario
from tests.appliance.agent.real_broker import RealBroker, free_port, mosquitto
from tests.console.dispatch.holdings import Holdings


def embedded(folder: Path) -> RealBroker:
    """The broker as the console runs it."""
    port = free_port()
    config = write_broker_config(folder, "127.0.0.1", port)
    return RealBroker(folder, port, [str(broker_program()), "-c", str(config)])


@pytest.fixture(params=[mosquitto, embedded], ids=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    made: RealBroker = request.param(folder)
    made.start()
    yield made
    made.kill()


class Listener:
    """A console's ears: everything that is said, as it comes."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.events: Counter[tuple[str, int]] = Counter()
        self.telemetry: Counter[str] = Counter()
        self.status: dict[str, Status] = {}
        self.replies: list[Reply] = []

    async def listen(self) -> None:
        async for message in self.client.messages:
            topic, payload = str(message.topic), message.payload
            assert isinstance(payload, bytes)
            name = topic.split("/")[3]
            if topic.endswith("/event"):
                self.events[name, msgspec.json.decode(payload, type=Event).seq] += 1
            elif topic.endswith("/status"):
                self.status[name] = msgspec.json.decode(payload, type=Status)
            elif topic.endswith("/reply"):
                self.replies.append(msgspec.json.decode(payload, type=Reply))
            else:
                self.telemetry[topic.rpartition("/")[2]] += 1


@asynccontextmanager
async def listening(broker: RealBroker) -> AsyncIterator[Listener]:
    async with aiomqtt.Client("127.0.0.1", broker.port, max_queued_incoming_messages=0) as client:
        for topic in (ALL_EVENTS, ALL_REPLIES, ALL_STATUS):
            await client.subscribe(topic, qos=1)
        await client.subscribe(ALL_TELEMETRY, qos=0)
        ears = Listener(client)
        task = asyncio.create_task(ears.listen())
        try:
            yield ears
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], what: str, within_s: float = 30) -> None:
    """Wait for it; `what` is for whoever reads the failure."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - a broker brings it about
            await asyncio.sleep(0.02)


async def test_a_burst_of_outboxes_arrives_whole(broker: RealBroker) -> None:
    """Within half of the half minute after which NATS sends again what it had no room for."""
    scenario = Scenario(appliances=50, outbox=30, connections=3)
    fleet = Fleet(scenario, Broker("127.0.0.1", broker.port))
    async with listening(broker) as ears, fleet.connected():
        await fleet.arrive()
        await fleet.empty_outboxes()
        await until(lambda: len(ears.events) == 1_500 and len(ears.status) == 50, "all events", 15)
    assert set(ears.events.values()) == {1}
    assert all(status.online for status in ears.status.values())
    assert fleet.tally.events_sent == 1_500


async def test_what_was_lost_doubled_and_reordered_is_made_up_for_by_replays(
    broker: RealBroker,
) -> None:
    scenario = Scenario(
        appliances=20, outbox=40, losses=0.1, duplicates=0.1, reordering=0.1, telemetry_every_s=0,
        events_per_hour=0,
    )  # fmt: skip
    fleet = Fleet(scenario, Broker("127.0.0.1", broker.port))
    async with listening(broker) as ears, fleet.connected():
        await fleet.arrive()
        await fleet.empty_outboxes()
        tally = fleet.tally
        assert tally.lost
        assert tally.duplicated
        assert tally.reordered
        assert tally.events_sent == 800 - tally.lost + tally.duplicated
        life = asyncio.create_task(fleet.run())
        for one in fleet.appliances:
            replay = Command(f"replay-{one.name}", fleet._now(), Replay(one.outbox.epoch, 1))
            await ears.client.publish(one.command_topic, encode(replay), qos=1)
        await until(lambda: len(ears.events) == 800, "all events")
        await until(lambda: tally.replayed == 800, "all replays")
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
    assert len(ears.replies) == 20


async def test_the_same_seed_spoils_the_same_events() -> None:
    scenario = Scenario(losses=0.2, duplicates=0.2, reordering=0.2, seed=5)
    first, second = (Fleet(scenario, Broker("127.0.0.1", 1)) for _ in range(2))
    told = list(first._spoil(range(1, 200)))
    assert told == list(second._spoil(range(1, 200)))
    assert sorted(set(told)) != sorted(told)
    assert set(told) < set(range(1, 200))


async def test_a_day_has_telemetry_events_and_drop_outs(broker: RealBroker) -> None:
    scenario = Scenario(
        appliances=10, alone=3, telemetry_every_s=0.3, status_every_s=0.5,
        events_per_hour=20_000, drop_outs_per_hour=3_000, away_s=0.2,
    )  # fmt: skip
    fleet = Fleet(scenario, Broker("127.0.0.1", broker.port))
    offline: set[str] = set()
    async with listening(broker) as ears, fleet.connected():
        await fleet.arrive()
        life = asyncio.create_task(fleet.run())

        def seen() -> bool:
            offline.update(name for name, status in ears.status.items() if not status.online)
            alone = {one.name for one in fleet.appliances[:3]}
            return bool(offline & alone and offline - alone and len(ears.telemetry) == 4)

        await until(seen, "drop-outs of both kinds")
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
    assert fleet.tally.drop_outs >= 2
    assert ears.events


async def test_the_console_keeps_everything_once(tmp_path: Path, broker: RealBroker) -> None:
    scenario = Scenario(
        appliances=8, outbox=24, losses=0.05, duplicates=0.1, reordering=0.1, slots=5,
        telemetry_every_s=1, status_every_s=1, events_per_hour=0,
    )  # fmt: skip
    fleet = Fleet(scenario, Broker("127.0.0.1", broker.port))
    holdings = Holdings(tmp_path / "data")
    worker = Worker(holdings.workspace, Addresses("", "http://127.0.0.1:9/", broker.url))
    working = asyncio.create_task(worker.run())
    try:
        await until(lambda: worker.is_connected, "the worker")
        async with fleet.connected():
            await fleet.arrive()
            await fleet.empty_outboxes()
            life = asyncio.create_task(fleet.run())
            await until(lambda: len(holdings.rows(schema.events)) == 192, "all events")
            await until(
                lambda: {row.next_seq for row in holdings.rows(schema.appliances)} == {25}, "order"
            )
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        holdings.workspace.close()
    assert fleet.tally.lost
