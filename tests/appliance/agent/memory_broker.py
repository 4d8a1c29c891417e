"""A broker in memory with the shape of `appliance.agent.link`, for stories in simulated time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from appliance.agent.link import LOST, UNREACHABLE, Incoming, LinkError, Will


class Published(NamedTuple):
    at_s: float
    topic: str
    payload: bytes
    qos: int
    retain: bool


class MemoryLink:
    """One connection; `cut` breaks it as a pulled cable would."""

    def __init__(self, broker: "MemoryBroker", will: Will) -> None:
        self.broker = broker
        self.will = will
        self.topics: set[str] = set()
        self._queue: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._gone = asyncio.Event()

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        self._check()
        self.broker.take(topic, payload, qos, retain)
        if qos and self.broker.acknowledges:
            await asyncio.sleep(self.broker.latency_s)
        elif qos:
            await self._gone.wait()
        self._check()

    async def subscribe(self, topic: str) -> None:
        self._check()
        self.topics.add(topic)

    async def messages(self) -> AsyncIterator[Incoming]:
        while (message := await self._queue.get()) is not None:
            yield message
        raise LinkError(LOST, "cut")

    def deliver(self, message: Incoming) -> None:
        self._queue.put_nowait(message)

    def cut(self) -> None:
        self._gone.set()
        self._queue.put_nowait(None)

    def _check(self) -> None:
        if self._gone.is_set():
            raise LinkError(LOST, "cut")


class MemoryBroker:
    """Keeps everything it was given, in order."""

    def __init__(self) -> None:
        self.is_up = True
        self.acknowledges = True
        self.latency_s = 0.001
        self.published: list[Published] = []
        self.retained: dict[str, bytes] = {}
        self.links: list[MemoryLink] = []
        self.attempts_at_s: list[float] = []

    @asynccontextmanager
    async def connect(self, will: Will) -> AsyncIterator[MemoryLink]:
        self.attempts_at_s.append(asyncio.get_running_loop().time())
        if not self.is_up:
            raise LinkError(UNREACHABLE, "the broker in memory is away")
        link = MemoryLink(self, will)
        self.links.append(link)
        try:
            yield link
        finally:
            if link in self.links:
                self.links.remove(link)

    def take(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        now_s = asyncio.get_running_loop().time()
        self.published.append(Published(now_s, topic, payload, qos, retain))
        if retain:
            self.retained[topic] = payload

    def send(self, topic: str, payload: bytes) -> None:
        """Deliver a message to whoever asked for its topic."""
        for link in self.links:
            if topic in link.topics:
                link.deliver(Incoming(topic, payload))

    def go_down(self) -> None:
        """Break every link and take no new one; the last wills are published."""
        self.is_up = False
        for link in list(self.links):
            link.cut()
            self.take(link.will.topic, link.will.payload, 1, True)
        self.links.clear()

    def on(self, topic: str) -> list[bytes]:
        return [message.payload for message in self.published if message.topic == topic]
