"""The console through ten minutes without a broker, in simulated time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import aiomqtt
import pytest

from appliance.contract.errors import table
from console.addresses import Addresses
from console.dispatch import link
from console.store import schema
from console.worker import Worker
from simulators.clock import run_virtual
from tests.console.dispatch.desk import CONTENT_URL
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

AWAY_S = 600


@dataclass
class Broker:
    """Stands where the client of the broker stands; its one appliance burns what it is told."""

    rack: PaperAppliance
    is_up: bool = True
    attempts_at_s: list[float] = field(default_factory=list)
    waiting: list[aiomqtt.Message] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def connect(self, *_: object, **__: object) -> AsyncIterator["Broker"]:
        self.attempts_at_s.append(asyncio.get_running_loop().time())
        self._require()
        self._say(self.rack.status().topic, self.rack.status().payload)
        self._say(self.rack.library().topic, self.rack.library().payload)
        yield self

    async def subscribe(self, _topic: str, qos: int) -> None:
        assert qos in (0, 1)

    async def publish(self, _topic: str, payload: bytes, qos: int) -> None:
        assert qos == 1
        self._require()
        replies = self.rack.hear(payload)
        for told in [*replies, *self.rack.burn(self.rack.commands[-1])]:
            self._say(told.topic, told.payload)

    @property
    def messages(self) -> "Broker":
        return self

    def __len__(self) -> int:
        return len(self.waiting)

    async def __aiter__(self) -> AsyncIterator[aiomqtt.Message]:
        while True:
            self._require()
            while self.waiting:
                yield self.waiting.pop(0)
            self._news.clear()
            await self._news.wait()

    def go_down(self) -> None:
        self.is_up = False
        self._news.set()

    def _say(self, topic: str, payload: bytes) -> None:
        self.waiting.append(aiomqtt.Message(topic, payload, 1, False, 0, None))
        self._news.set()

    def _require(self) -> None:
        if not self.is_up:
            raise aiomqtt.MqttError("connection refused")


def test_ten_minutes_without_broker_raise_one_alarm_and_lose_nothing(
    holdings: Holdings, rack: PaperAppliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        broker = Broker(rack)
        monkeypatch.setattr(link.aiomqtt, "Client", broker.connect)
        addresses = Addresses("", CONTENT_URL, "mqtt://memory:1")
        worker = Worker(holdings.workspace, addresses, lambda: NOW + timedelta(seconds=loop.time()))
        working = asyncio.create_task(worker.run())
        await _until(lambda: len(holdings.rows(schema.appliances, online=True)) == 1)

        broker.go_down()
        broker.attempts_at_s.clear()
        holdings.volume(holdings.package({"a": b"alpha"}))
        await asyncio.sleep(AWAY_S)
        assert not worker.is_connected
        waits = [round(later - earlier, 3) for earlier, later in pairwise(broker.attempts_at_s)]
        assert len(waits) >= AWAY_S / link.LONGEST_PAUSE_S - 1
        assert max(waits) == min(waits[6:]) == link.LONGEST_PAUSE_S
        alarm = holdings.row(schema.alarms)
        assert (alarm.code, alarm.cleared_at) == (5261, None)
        assert table()[alarm.code].action
        assert rack.commands == []

        broker.is_up = True
        await asyncio.sleep(2 * link.LONGEST_PAUSE_S)
        assert worker.is_connected
        assert holdings.row(schema.alarms).cleared_at is not None
        assert len({command.id for command in rack.commands}) == len(rack.commands) == 2
        assert holdings.row(schema.volumes).state == "archived"
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    run_virtual(story())


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(0.1)
