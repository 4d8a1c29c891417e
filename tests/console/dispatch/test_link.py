"""The connection to the broker ends when it is told to, also at the worst moment."""

import asyncio

import aiomqtt
import pytest

from appliance.contract.errors import SteleError
from console.broker import parse_broker_url
from console.dispatch.intake import Incoming
from console.dispatch.link import Link


class _Client:
    """Waits for the broker as aiomqtt does: with `asyncio.wait_for`, its errors turned round."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting = asyncio.Event()

    async def publish(self, _topic: str, _payload: bytes, qos: int) -> None:
        assert qos == 1
        self.waiting.set()
        try:
            await asyncio.wait_for(self.answer, 10)
        except asyncio.CancelledError:
            raise aiomqtt.MqttError("Operation timed out") from None


async def _ignore(_batch: list[Incoming]) -> None:
    return None


@pytest.mark.parametrize("answered", [True, False])
async def test_a_cancellation_is_heeded_though_the_client_drops_it(answered: bool) -> None:
    link, client = Link(parse_broker_url("mqtt://127.0.0.1:1"), _ignore), _Client()
    link._client = client  # type: ignore[assignment]
    task = asyncio.create_task(link.publish("topic", b""))
    await client.waiting.wait()
    if answered:
        client.answer.set_result(None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_broker_that_is_away_is_a_defined_failure() -> None:
    link = Link(parse_broker_url("mqtt://127.0.0.1:1"), _ignore)
    with pytest.raises(SteleError) as raised:
        await link.publish("topic", b"")
    assert raised.value.code == 5261
