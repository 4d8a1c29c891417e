"""What the agent needs of a connection to a broker; a broker in memory has the same shape."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from appliance.contract.errors import SteleError

UNREACHABLE = 1101
REFUSED = 1102
LOST = 1103


class LinkError(SteleError):
    """There is no connection to the broker, or no longer: 1101, 1102 or 1103."""


class Incoming(NamedTuple):
    topic: str
    payload: bytes


class Will(NamedTuple):
    """What the broker publishes, retained and QoS 1, when the appliance is silent for too long."""

    topic: str
    payload: bytes


class Link(Protocol):
    """One connection, from CONNACK until it breaks. Every method raises `LinkError` then."""

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Send; with QoS 1 return when the broker has taken it. Calls keep their order."""
        ...

    async def subscribe(self, topic: str) -> None:
        """Ask for a topic with QoS 1; return when the broker has granted it."""
        ...

    def messages(self) -> AsyncIterator[Incoming]:
        """What comes, for as long as the connection holds; ends only by `LinkError`."""
        ...


class Connector(Protocol):
    def __call__(self, will: Will) -> AbstractAsyncContextManager[Link]:
        """A fresh connection each time; entering raises `LinkError`, leaving disconnects."""
        ...
