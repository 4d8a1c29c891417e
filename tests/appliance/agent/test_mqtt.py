"""The link to the broker, apart from any broker."""

import asyncio

import pytest

from appliance.agent.mqtt import MqttLink


class _Client:
    """As much of a client as answers when it is told to, with the client's own way of waiting."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.answer = asyncio.get_running_loop().create_future()

    async def publish(self, *_: object, **__: object) -> None:
        self.waiting.set()
        await asyncio.wait_for(self.answer, 10)


async def test_a_cancellation_that_comes_with_the_answer_is_heeded() -> None:
    client = _Client()
    link = MqttLink(client, "the broker")  # type: ignore[arg-type]
    task = asyncio.create_task(link.publish("topic", b"", qos=1))
    await client.waiting.wait()
    client.answer.set_result(None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
