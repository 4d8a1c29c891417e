"""Pictures of the appliance for whoever watches: newest wins, and never too many."""

import asyncio
import contextlib
from collections.abc import Callable

from msgspec import Struct

from appliance.agent.link import Link
from appliance.contract.messages import encode


class TelemetryGroup:
    """One group: sent when its picture has changed, but neither too often nor too seldom."""

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
            await link.publish(self._topic, encode(self.picture()), qos=0)
            await asyncio.sleep(self._shortest_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._longest_s - self._shortest_s):
                    await self._stale.wait()
