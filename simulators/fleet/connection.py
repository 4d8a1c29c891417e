"""One TCP connection to the broker that speaks for many appliances."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from simulators.fleet import packets

WINDOW = 2_000
"""Messages of QoS 1 that the broker has not acknowledged. Packet ids go to 65,535."""
_KEEPALIVE_S = 30
_HIGH_WATER_BYTES = 1 << 20
Hear = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it listens and who we are there."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None


class Connection:
    """Publishes in order; counts what the broker acknowledged."""

    def __init__(
        self, broker: Broker, client_id: str, hear: Hear, will: packets.Will | None = None
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._hear = hear
        self._will = will
        self._last_id = 0
        self._unacked: set[int] = set()
        self._room = asyncio.Event()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._answers: asyncio.Queue[packets.Packet] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.published = 0
        self.acked = 0

    async def open(self) -> None:
        """Raises OSError, ProtocolError."""
        broker = self._broker
        self._reader, self._writer = await asyncio.open_connection(broker.host, broker.port)
        self._writer.transport.set_write_buffer_limits(_HIGH_WATER_BYTES)
        self._writer.write(
            packets.connect(self._client_id, _KEEPALIVE_S, broker.user, broker.password, self._will)
        )
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._stay())]
        packets.read_connack(await self._answer())

    async def subscribe(self, topic: str) -> None:
        """Hear a topic with QoS 1; returns when the broker has agreed. Raises ProtocolError."""
        self._writer.write(packets.subscribe(self._next_id(), topic, 1))
        answer = await self._answer()
        if answer.kind != packets.SUBACK or answer.body[-1] == 0x80:
            raise packets.ProtocolError(f"the broker refuses the subscription to {topic}")

    async def publish(self, topic: bytes, payload: bytes, *, retain: bool = False) -> None:
        """With QoS 1; waits only while too many are on their way. Raises ConnectionError."""
        while len(self._unacked) >= WINDOW:
            self._check()
            self._room.clear()
            await self._room.wait()
        packet_id = self._next_id()
        self._unacked.add(packet_id)
        await self._write(packets.publish(topic, payload, packet_id, retain=retain))

    async def publish_once(self, topic: bytes, payload: bytes) -> None:
        """With QoS 0. Raises ConnectionError."""
        await self._write(packets.publish(topic, payload))

    async def settle(self) -> None:
        """Return when the broker has acknowledged everything. Raises ConnectionError."""
        while self._unacked:
            self._check()
            self._room.clear()
            await self._room.wait()
        self._check()

    async def close(self, *, politely: bool = True) -> None:
        """A broken connection (not `politely`) has the broker publish the will."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if politely:
            with contextlib.suppress(ConnectionError):
                self._writer.write(packets.GOODBYE)
                await self._writer.drain()
            self._writer.close()
        else:
            self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _write(self, data: bytes) -> None:
        self._check()
        self._writer.write(data)
        self.published += 1
        # Draining yields only when the buffer is full; give others a turn now and then as well.
        if not self.published % 64:
            await self._writer.drain()
            await asyncio.sleep(0)

    def _check(self) -> None:
        if self._writer.is_closing() or any(task.done() for task in self._tasks):
            raise ConnectionResetError("the broker closed the connection")

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % 65_535 + 1
            if self._last_id not in self._unacked:
                return self._last_id

    async def _answer(self) -> packets.Packet:
        waiting = asyncio.ensure_future(self._answers.get())
        await asyncio.wait([waiting, self._tasks[0]], return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            self._tasks[0].result()
            raise ConnectionResetError("the broker closed the connection")
        return waiting.result()

    async def _listen(self) -> None:
        decoder = packets.Decoder()
        try:
            while data := await self._reader.read(1 << 18):
                for packet in decoder.feed(data):
                    self._take(packet)
                self._room.set()
        finally:
            self._room.set()

    def _take(self, packet: packets.Packet) -> None:
        if packet.kind == packets.PUBACK:
            self._unacked.discard(packets.read_id(packet))
            self.acked += 1
        elif packet.kind == packets.PUBLISH:
            topic, payload, packet_id = packets.read_publish(packet)
            if packet_id:
                self._writer.write(packets.puback(packet_id))
            self._hear(topic, payload)
        elif packet.kind in (packets.CONNACK, packets.SUBACK):
            self._answers.put_nowait(packet)

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(_KEEPALIVE_S / 2)
            self._writer.write(packets.PING)
