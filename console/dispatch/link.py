"""The console's connection to the broker: made anew, with a fresh client, whenever it breaks."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable

import aiomqtt

from appliance.contract.errors import SteleError
from appliance.contract.topics import ALL_EVENTS, ALL_REPLIES, ALL_STATUS, ALL_TELEMETRY
from console.broker import MAX_MESSAGE_BYTES, BrokerAddress
from console.dispatch.intake import Incoming

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_TIMEOUT_S = 10.0
_KEEPALIVE_S = 20
_BACKLOG = 50_000
_BACKLOG_BYTES = 64 * 1024 * 1024
"""Messages, and their bytes, that wait in the client. More are dropped: events among them come with
a replay, and of a picture the next one comes soon."""
_BATCH = 500
_BATCH_BYTES = 4 * MAX_MESSAGE_BYTES


def heed_cancellation() -> None:
    """End the task if it was cancelled while the client of the broker waited for something.

    The client waits with `asyncio.wait_for`, which before Python 3.12 drops a cancellation that
    comes together with the answer, and it turns one that comes while it says goodbye into an
    MqttError. The task would go on for ever, and with it everything that waits for its end.

    Raises:
        CancelledError: the current task was asked to end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Backlog(asyncio.Queue[aiomqtt.Message]):
    """What waits, bounded by bytes too: a full library's picture is as large as 2,000 events."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.size_bytes = 0

    def _put(self, item: aiomqtt.Message) -> None:
        self.size_bytes += _bytes_of(item)
        super()._put(item)

    def _get(self) -> aiomqtt.Message:
        item = super()._get()
        self.size_bytes -= _bytes_of(item)
        return item

    def full(self) -> bool:
        """Whether the next message is dropped."""
        return super().full() or self.size_bytes >= _BACKLOG_BYTES


def _bytes_of(message: aiomqtt.Message) -> int:
    return len(message.payload) if isinstance(message.payload, bytes) else 0


class Link:
    """Hands messages over in batches, in order; publishes while it is connected."""

    def __init__(
        self, broker: BrokerAddress, hand_over: Callable[[list[Incoming]], Awaitable[None]]
    ) -> None:
        self._broker = broker
        self._hand_over = hand_over
        self._client: aiomqtt.Client | None = None
        self.connected = asyncio.Event()
        self.attempts = 0
        """Attempts to connect since the last success."""

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._serve()
            except aiomqtt.MqttError as error:
                heed_cancellation()
                self.attempts += 1
                log.warning("[5261] the broker %s is away: %s", self._broker.url, error)
            await asyncio.sleep(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self.attempts, 10)))

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1; returns when the broker has it.

        Raises:
            SteleError: 5261 it does not have it.
        """
        if self._client is None:
            raise SteleError(5261, f"the broker {self._broker.url} is away")
        try:
            await self._client.publish(topic, payload, qos=1)
        except aiomqtt.MqttError as error:
            heed_cancellation()
            raise SteleError(5261, f"the broker {self._broker.url} is away", str(error)) from error
        heed_cancellation()

    async def hear_status_again(self) -> None:
        """Have the broker tell every appliance's status once more, as it does to a newcomer.

        MQTT 3.1.1 section 3.8.4: a subscription that is made again brings the retained messages
        again. Without the broker it does nothing: they come when it is there.
        """
        if self._client is not None:
            with contextlib.suppress(aiomqtt.MqttError):
                await self._client.subscribe(ALL_STATUS, qos=1)
            heed_cancellation()

    async def _serve(self) -> None:
        async with aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            tls_context=ssl.create_default_context() if self._broker.encrypted else None,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
            max_queued_incoming_messages=_BACKLOG,
            queue_type=Backlog,
        ) as client:
            for topic, qos in ((ALL_EVENTS, 1), (ALL_REPLIES, 1), (ALL_STATUS, 1)):
                await client.subscribe(topic, qos=qos)
            await client.subscribe(ALL_TELEMETRY, qos=0)
            log.info("connected to %s", self._broker.url)
            self.attempts = 0
            self._client = client
            self.connected.set()
            try:
                await self._listen(client)
            finally:
                self._client = None
                self.connected.clear()

    async def _listen(self, client: aiomqtt.Client) -> None:
        batch: list[Incoming] = []
        size_bytes = 0
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            batch.append(Incoming(str(message.topic), payload))
            size_bytes += len(payload)
            if not len(client.messages) or len(batch) >= _BATCH or size_bytes >= _BATCH_BYTES:
                await self._hand_over(batch)
                batch, size_bytes = [], 0
