"""A `Link` over MQTT 3.1.1 by aiomqtt.

Each connection is a fresh client: aiomqtt's own client, entered a second time, returns before the
broker has answered. The client's name stays the same, so that a broker still holding a dead
connection of this appliance drops it, and with it its last will, before the new one begins. The
session is kept by the broker, so that commands sent during a short break are not lost.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from appliance.agent.link import LOST, REFUSED, UNREACHABLE, Incoming, Link, LinkError, Will
from appliance.contract.errors import SteleError
from appliance.settings import BrokerSettings

_INCOMING_QUEUE = 1000


class MqttLink:
    """`Link` over a connected client."""

    def __init__(self, client: aiomqtt.Client, broker: str) -> None:
        self._client = client
        self._broker = broker

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        with self._asking():
            await self._client.publish(topic, payload, qos=qos, retain=retain)

    async def subscribe(self, topic: str) -> None:
        with self._asking():
            granted = await self._client.subscribe(topic, qos=1)
        if any(getattr(code, "value", code) >= 0x80 for code in granted):
            raise LinkError(REFUSED, f"{self._broker} refused the subscription to {topic}")

    async def messages(self) -> AsyncIterator[Incoming]:
        try:
            async for message in self._client.messages:
                payload = message.payload
                yield Incoming(str(message.topic), payload if isinstance(payload, bytes) else b"")
        except aiomqtt.MqttError as error:
            raise self._lost(error) from error

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell a lost link by its error, and end the task if it was cancelled meanwhile.

        The client waits with `asyncio.wait_for`, which before Python 3.12 drops a cancellation
        that comes together with the answer: the task would go on for ever.
        """
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            yield
        except aiomqtt.MqttError as error:
            raise self._lost(error) from error
        if task and task.cancelling() > before:
            raise asyncio.CancelledError

    def _lost(self, error: Exception) -> LinkError:
        return LinkError(LOST, f"the link to {self._broker} broke off", str(error))


class MqttConnector:
    """Connects to the configured broker."""

    def __init__(self, settings: BrokerSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id

    def __call__(self, will: Will) -> AbstractAsyncContextManager[Link]:
        return self._connection(will)

    @asynccontextmanager
    async def _connection(self, will: Will) -> AsyncIterator[Link]:
        broker = f"the broker {self._settings.host}:{self._settings.port}"
        client = self._client(will)
        try:
            await client.__aenter__()
        except MqttConnectError as error:
            raise LinkError(REFUSED, f"{broker} refused the connection", str(error)) from error
        except (aiomqtt.MqttError, ValueError) as error:  # a host name may be no host name at all
            raise LinkError(UNREACHABLE, f"{broker} cannot be reached", str(error)) from error
        try:
            yield MqttLink(client, broker)
        finally:
            with contextlib.suppress(aiomqtt.MqttError, OSError):
                await client.__aexit__(None, None, None)

    def _client(self, will: Will) -> aiomqtt.Client:
        settings = self._settings
        return aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username or None,
            password=self._password(),
            identifier=self._client_id,
            will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=True),
            clean_session=False,
            timeout=settings.timeout_s,
            keepalive=settings.keepalive_s,
            max_queued_incoming_messages=_INCOMING_QUEUE,
            tls_context=self._tls() if settings.tls else None,
        )

    def _password(self) -> str | None:
        try:
            return self._settings.password()
        except SteleError as error:
            raise LinkError(error.code, error.message, error.detail) from error

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except OSError as error:
            raise LinkError(
                UNREACHABLE, f"the certificates {self._settings.ca_file} cannot be used", str(error)
            ) from error
