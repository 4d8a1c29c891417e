"""The outbox: numbers without gaps, one transaction with its cause, replay of the same bytes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.agent.outbox import Outbox
from appliance.contract.messages import GrantWanted, encode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def now() -> Callable[[], datetime]:
    started = datetime(2026, 1, 1, tzinfo=UTC)
    ticks = iter(range(1_000_000))
    return lambda: started + timedelta(seconds=next(ticks))


def test_numbers_count_from_one_without_gaps(path: Path, now: Callable[[], datetime]) -> None:
    outbox = Outbox(Database(path), now)
    assert (outbox.last_seq, outbox.oldest_seq) == (0, 1)
    assert [outbox.append(GrantWanted(f"job-{i}")) for i in range(5)] == [1, 2, 3, 4, 5]
    assert [event.seq for event in outbox.since(2)] == [3, 4, 5]


def test_an_event_is_rolled_back_with_its_cause_and_its_number_is_reused(
    path: Path, now: Callable[[], datetime]
) -> None:
    db = Database(path)
    outbox = Outbox(db, now)
    outbox.append(GrantWanted("kept"))

    def fail_after_append() -> None:
        with db.atomic():
            assert outbox.append(GrantWanted("undone")) == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_append()
    assert outbox.last_seq == 1
    assert outbox.append(GrantWanted("next")) == 2
    assert [event.body for event in outbox.since(0)] == [GrantWanted("kept"), GrantWanted("next")]


def test_a_restart_keeps_epoch_numbers_and_what_was_confirmed(
    path: Path, now: Callable[[], datetime]
) -> None:
    first = Outbox(Database(path), now)
    for i in range(3):
        first.append(GrantWanted(f"job-{i}"))
    first.confirmed(2)
    again = Outbox(Database(path), now)
    assert (again.epoch, again.last_seq, again.confirmed_seq) == (first.epoch, 3, 2)
    assert again.append(GrantWanted("job-3")) == 4


def test_a_lost_outbox_begins_another_epoch(tmp_path: Path, now: Callable[[], datetime]) -> None:
    epochs = {Outbox(Database(tmp_path / f"{i}.db"), now).epoch for i in range(3)}
    assert len(epochs) == 3


def test_the_same_bytes_come_back_each_time(path: Path, now: Callable[[], datetime]) -> None:
    outbox = Outbox(Database(path), now)
    outbox.append(GrantWanted("job"))
    (first,) = outbox.sealed(0, 10)
    (event,) = outbox.since(0)
    assert outbox.sealed(0, 10) == [first]
    assert encode(event) == first.payload


def test_only_confirmed_events_beyond_the_retention_are_dropped(
    path: Path, now: Callable[[], datetime]
) -> None:
    outbox = Outbox(Database(path), now, retention_events=3)
    for i in range(10):
        outbox.append(GrantWanted(f"job-{i}"))
    assert outbox.oldest_seq == 1
    outbox.confirmed(8)
    assert (outbox.oldest_seq, outbox.last_seq) == (6, 10)
    outbox.confirmed(4)
    assert outbox.confirmed_seq == 8, "a confirmation never goes back"
    outbox.confirmed(99)
    assert outbox.confirmed_seq == 10, "nor beyond what exists"


def test_more_events_than_a_page_come_back_in_order(
    path: Path, now: Callable[[], datetime]
) -> None:
    db = Database(path)
    outbox = Outbox(db, now)
    with db.atomic():
        for i in range(600):
            outbox.append(GrantWanted(f"job-{i}"))
    assert [event.seq for event in outbox.since(0)] == list(range(1, 601))


def test_appending_wakes_the_sender(path: Path, now: Callable[[], datetime]) -> None:
    outbox = Outbox(Database(path), now)
    assert not outbox.wake.is_set()
    outbox.append(GrantWanted("job"))
    assert outbox.wake.is_set()
