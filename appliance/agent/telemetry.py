"""Pictures of the appliance for whoever watches: newest wins, and never too many."""

import asyncio
import contextlib
from collections.abc import Callable

from msgspec import Struct

from appliance.agent.link import Link
from appliance.contract.messages import encode

BYTES_PER_S = 100_000
"""What one group may send in the long run. The picture of 5,200 slots is some 650 kB, and drawing
it takes some 50 ms: it is drawn every 6.5 s at the most."""


class TelemetryGroup:
    """One group: sent when its picture has changed, but neither too often nor too seldom. A large
    picture is sent less often."""

    def __init__(
        self, topic: str, picture: Callable[[], Struct], *, shortest_s: float, longest_s: float
    ) -> None:
        self._topic = topic
        self.picture = picture
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._stale = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []

    def changed(self) -> None:
        """The picture sent last is out of date."""
        self._stale.set()
        for listener in self._listeners:
            listener()

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever the picture is out of date, until the returned end is called."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    async def run(self, link: Link) -> None:
        """Send without end.

        Raises:
            LinkError: the link broke off.
        """
        while True:
            self._stale.clear()
            picture = encode(self.picture())
            await link.publish(self._topic, picture, qos=0)
            pause_s = max(self._shortest_s, len(picture) / BYTES_PER_S)
            await asyncio.sleep(pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._longest_s - pause_s)):
                    await self._stale.wait()
