"""An appliance's numbered events: their times, and what is not in its story."""

from array import array
from datetime import UTC, datetime, timedelta

from appliance.contract.messages import Event, EventBody, encode
from simulators.fleet.story import tell

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outbox:
    """Events 1 to `last_seq` of one epoch; any of the newest `history` can be had again."""

    def __init__(self, appliance: str, epoch: str, slots: int, history: int) -> None:
        self.epoch = epoch
        self._appliance = appliance
        self._slots = slots
        self._history = history
        self._times_us = array("Q")
        self._own: dict[int, EventBody] = {}

    @property
    def last_seq(self) -> int:
        return len(self._times_us)

    @property
    def oldest_seq(self) -> int:
        """The first event that is still held."""
        return max(1, self.last_seq - self._history + 1)

    def add(self, at: datetime, body: EventBody | None = None) -> int:
        """Something happened: what the story tells next, or `body`; gives its number."""
        self._times_us.append((at - _EPOCH) // timedelta(microseconds=1))
        if body is not None:
            self._own[self.last_seq] = body
        return self.last_seq

    def event(self, seq: int) -> bytes:
        """An event as it is sent, every time the same bytes."""
        at = _EPOCH + timedelta(microseconds=self._times_us[seq - 1])
        body = self._own.get(seq) or tell(self._appliance, seq, self._slots)
        return encode(Event(self.epoch, seq, at, body))
