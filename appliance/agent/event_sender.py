"""Sending events in order from the outbox, at least once, and again when asked."""

import asyncio

from appliance.agent.link import Link
from appliance.agent.outbox import Outbox
from appliance.contract.errors import SteleError
from appliance.contract.messages import Replay

WRONG_EPOCH = 1121
NO_LONGER_HELD = 1122
NOT_YET_SENT = 1123

_WINDOW_EVENTS = 8
"""Events on their way at a time. MQTT keeps the order of one client's messages on one topic."""


class EventSender:
    """Follows the outbox with a cursor; a replay only sets the cursor back."""

    def __init__(self, outbox: Outbox, topic: str) -> None:
        self._outbox = outbox
        self._topic = topic
        self._cursor_seq = 0

    async def run(self, link: Link) -> None:
        """Send what the broker has not confirmed, then each event as it comes, without end.

        Raises:
            ExceptionGroup: of `LinkError`. What was under way is sent again on the next link.
        """
        self._cursor_seq = self._outbox.confirmed_seq
        while True:
            self._outbox.wake.clear()
            window = self._outbox.sealed(self._cursor_seq, _WINDOW_EVENTS)
            if not window:
                await self._outbox.wake.wait()
                continue
            self._cursor_seq = window[-1].seq
            async with asyncio.TaskGroup() as sending:
                for event in window:
                    sending.create_task(link.publish(self._topic, event.payload, qos=1))
            self._outbox.confirmed(window[-1].seq)

    def replay(self, wanted: Replay) -> None:
        """Send everything from `wanted.from_seq` on again.

        Raises:
            SteleError: 1121 another epoch; 1122 no longer held: `detail` has the oldest number that
                is, as ``oldest_seq=N``; 1123 not yet sent.
        """
        outbox = self._outbox
        if wanted.epoch != outbox.epoch:
            raise SteleError(
                WRONG_EPOCH, f"epoch {wanted.epoch} is not this outbox's", f"epoch={outbox.epoch}"
            )
        last, oldest = outbox.last_seq, outbox.oldest_seq
        if wanted.from_seq > last + 1:
            raise SteleError(
                NOT_YET_SENT,
                f"event {wanted.from_seq} does not exist: the newest is {last}",
                f"last_seq={last}",
            )
        if wanted.from_seq < oldest:
            raise SteleError(
                NO_LONGER_HELD,
                f"events {wanted.from_seq} to {oldest - 1} are no longer held",
                f"oldest_seq={oldest}",
            )
        self._cursor_seq = min(self._cursor_seq, wanted.from_seq - 1)
        outbox.wake.set()
