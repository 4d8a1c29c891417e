"""Events take effect exactly once and in order, whatever the way to the console does (I5)."""

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from appliance.contract.messages import AlarmRaised, ErrorInfo, EventBody
from console.dispatch import cursor
from console.dispatch.effects import Effects
from console.dispatch.intake import Incoming
from console.dispatch.together import Together
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance


class ConsoleDiedError(Exception):
    """The console dies in the middle of a transaction."""


def alarm(text: str) -> AlarmRaised:
    return AlarmRaised(text, "door", ErrorInfo(4100, text))


class Recorder(Effects):
    """Keeps, in the transaction, which events took effect in which order."""

    def apply(self, body: EventBody, at: Any) -> None:
        assert isinstance(body, AlarmRaised)
        self._connection.execute(
            sa.text("INSERT INTO effects (what) VALUES (:what)"), {"what": body.alarm_id}
        )


class RecorderTogether(Together):
    """The same of events that come as they should."""

    def apply(self, appliance: str, body: EventBody, at: Any) -> None:
        Recorder(self._connection, appliance, self._now).apply(body, at)


@contextmanager
def recording(desk: Desk) -> Iterator[None]:
    with desk.store.begin() as db:
        db.execute(sa.text("CREATE TABLE effects (n INTEGER PRIMARY KEY, what TEXT)"))
    together = mock.patch.object(cursor, "Together", RecorderTogether)
    with mock.patch.object(cursor, "Effects", Recorder), together:
        yield


def effects(desk: Desk) -> list[str]:
    with desk.store.connect() as db:
        return list(db.scalars(sa.text("SELECT what FROM effects ORDER BY n")))


class Delivery(RuleBasedStateMachine):
    """An appliance tells events; the way drops, repeats and reorders them; the console dies."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.holdings = Holdings(Path(self._folder.name))
        self.desk = Desk(self.holdings)
        self.rack = PaperAppliance()
        self._recording = recording(self.desk)
        self._recording.__enter__()
        self.told = 0
        self.finished: list[str] = []
        """What took effect in epochs that are over."""

    @rule(count=st.integers(1, 5))
    def tell(self, count: int) -> None:
        for _ in range(count):
            self.told += 1
            self.rack.emit(alarm(f"{self.rack.epoch}-{self.told}"))

    @precondition(lambda self: self.rack.events)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """Any events of this epoch arrive, in any order, any number of times, in one batch."""
        numbers = st.lists(st.integers(1, len(self.rack.events)), min_size=1, max_size=6)
        self.desk.hear(*(self.rack.sealed(seq) for seq in data.draw(numbers)))

    @precondition(lambda self: self.rack.events)
    @rule(data=st.data())
    def arrive_and_die(self, data: st.DataObject) -> None:
        """The console is killed after it applied events and before it committed."""
        seq = data.draw(st.integers(1, len(self.rack.events)))
        told = self.desk.intake.read(self.rack.sealed(seq))
        assert told is not None
        with contextlib.suppress(ConsoleDiedError), self.desk.store.begin() as db:
            self.desk.intake.take(db, [told], self.desk.now)
            raise ConsoleDiedError

    @rule()
    def say_status(self) -> None:
        self.desk.hear(self.rack.status())

    @rule()
    def refill(self) -> None:
        """After a status and the replays that it leads to, nothing is missing."""
        self.desk.hear(self.rack.status())
        self.desk.ask_replays(self.rack)
        told = [event.body.alarm_id for event in self.rack.events]  # type: ignore[union-attr]
        assert effects(self.desk) == self.finished + told

    @rule()
    def lose_memory(self) -> None:
        """The appliance begins a new epoch; what of the old one had not come never will."""
        self.desk.hear(self.rack.status())
        self.rack.lose_memory(f"epoch-{self.told}-{len(self.finished)}-{id(self) % 97}-x")
        self.desk.hear(self.rack.status())
        self.finished = effects(self.desk)

    @invariant()
    def effects_are_a_gapless_prefix_and_none_is_twice(self) -> None:
        told = [event.body.alarm_id for event in self.rack.events]  # type: ignore[union-attr]
        done = effects(self.desk)
        assert done[: len(self.finished)] == self.finished
        assert done[len(self.finished) :] == told[: len(done) - len(self.finished)]

    def teardown(self) -> None:
        self._recording.__exit__(None, None, None)
        self.holdings.workspace.close()
        self._folder.cleanup()


Delivery.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestDelivery = Delivery.TestCase


def test_a_duplicate_changes_nothing_and_a_gap_is_asked_for(
    desk: Desk, rack: PaperAppliance
) -> None:
    first, second, third = (rack.emit(alarm(name)) for name in "abc")
    with recording(desk):
        desk.hear(first, first, third)
        assert effects(desk) == ["a"]
        (replay,) = desk.intake.wanted.values()
        assert (replay.epoch, replay.from_seq) == ("epoch-1", 2)
        desk.hear(second)
        assert effects(desk) == ["a", "b", "c"]


def test_the_status_shows_what_was_missed_while_the_console_was_away(
    desk: Desk, rack: PaperAppliance
) -> None:
    for name in "abc":
        rack.emit(alarm(name))
    with recording(desk):
        desk.hear(rack.status())
        assert desk.ask_replays(rack) == 1
        assert effects(desk) == ["a", "b", "c"]


def test_events_that_the_appliance_no_longer_holds_are_given_up_with_a_number(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    for name in "abcd":
        rack.emit(alarm(name))
    rack.oldest_seq = 3
    with recording(desk):
        desk.hear(rack.sealed(4))
        desk.ask_replays(rack)
        desk.hear(rack.status())
        desk.ask_replays(rack)
        assert effects(desk) == ["c", "d"]
    assert holdings.row(schema.alarms).code == 5252


def test_a_number_that_is_used_twice_is_an_alarm(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    desk.hear(rack.emit(alarm("a")))
    rack.events.clear()
    desk.hear(rack.emit(alarm("another")))
    assert {row.alarm_id: row.code for row in holdings.rows(schema.alarms)}[
        "reused-north/rack-1"
    ] == 5253


def test_an_epoch_that_is_over_does_not_come_back(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    old = rack.emit(alarm("a"))
    desk.hear(old)
    rack.lose_memory("epoch-2")
    desk.hear(rack.emit(alarm("b")), old)
    row = holdings.row(schema.appliances)
    assert (row.epoch, row.next_seq) == ("epoch-2", 2)
    assert 5253 in {row.code for row in holdings.rows(schema.alarms)}


def test_a_fault_in_one_effect_does_not_stop_the_events_after_it(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, caplog: pytest.LogCaptureFixture
) -> None:
    real = Effects.apply

    def faulty(self: Effects, body: Any, at: Any) -> None:
        real(self, body, at)
        if body.alarm_id == "bad":
            raise RuntimeError("a fault of ours")

    with mock.patch.object(Effects, "apply", faulty):
        desk.hear(rack.emit(alarm("bad")), rack.emit(alarm("good")))
    alarms = {row.alarm_id: row.code for row in holdings.rows(schema.alarms)}
    assert alarms == {"good": 4100, "event-north/rack-1 epoch-1/1": 5000}
    assert holdings.row(schema.appliances).next_seq == 3
    assert "[5000]" in caplog.text


def test_events_far_ahead_are_not_kept(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    event = msgspec.json.decode(rack.emit(alarm("a")).payload)
    event["seq"] = 10**12
    desk.hear(Incoming(rack.topics.event, msgspec.json.encode(event)))
    assert holdings.rows(schema.events) == []
