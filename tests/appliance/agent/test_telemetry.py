"""How often pictures are sent: when something changed, but never more than a line can bear."""

import asyncio

import pytest
from msgspec import Struct

from appliance.agent.telemetry import BYTES_PER_S, TelemetryGroup
from simulators.clock import run_virtual


class Picture(Struct):
    text: str


class CountingLink:
    def __init__(self) -> None:
        self.sent_s: list[float] = []
        self.sent_bytes = 0

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        self.sent_s.append(asyncio.get_running_loop().time())
        self.sent_bytes += len(payload)


@pytest.mark.parametrize(
    ("size_bytes", "pause_s"), [(100, 0.5), (650_000, 6.5)], ids=["a small one", "5,200 slots"]
)
def test_a_picture_that_changes_all_the_time_is_sent_at_a_sane_rate(
    size_bytes: int, pause_s: float
) -> None:
    async def story() -> None:
        link = CountingLink()
        picture = Picture("x" * (size_bytes - len('{"text":""}')))
        group = TelemetryGroup("t", lambda: picture, shortest_s=0.5, longest_s=10.0)
        running = asyncio.ensure_future(group.run(link))
        for _ in range(6000):
            group.changed()
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait({running})
        assert len(link.sent_s) == pytest.approx(60 / pause_s, rel=0.1)
        assert link.sent_bytes <= 60 * BYTES_PER_S + size_bytes

    run_virtual(story())


def test_a_large_picture_that_does_not_change_is_sent_now_and_then() -> None:
    async def story() -> None:
        link = CountingLink()
        group = TelemetryGroup("t", lambda: Picture("x" * 650_000), shortest_s=0.5, longest_s=10.0)
        running = asyncio.ensure_future(group.run(link))
        await asyncio.sleep(59)
        running.cancel()
        await asyncio.wait({running})
        assert len(link.sent_s) == 6

    run_virtual(story())
