"""What services and jobs need of the outbox: it takes events into the open transaction."""

from typing import Protocol

from appliance.contract.messages import EventBody


class EventSink(Protocol):
    """Takes one event, durably once the caller's transaction commits; returns its number."""

    def append(self, body: EventBody) -> int: ...
