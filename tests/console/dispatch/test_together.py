"""Many events at once leave behind what they do one by one, and cost few statements."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.contract.messages import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    DoorChanged,
    ErrorInfo,
    EventBody,
    GrantWanted,
    JobChanged,
    MediumChanged,
    Replay,
)
from appliance.contract.states import DoorState, JobStage, JobState, MediumState
from console.dispatch.cursor import Source
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

NAMES = st.sampled_from(["one", "two"])
ERRORS = st.sampled_from([ErrorInfo(3206, "the drive is mute"), ErrorInfo(4040, "damp")])
BODIES = st.one_of(
    st.builds(
        JobChanged,
        NAMES,
        st.just("burn"),
        st.sampled_from(JobState),
        st.sampled_from(JobStage),
        drive=NAMES,
        error=st.none() | ERRORS,
    ),
    st.builds(
        MediumChanged,
        NAMES,
        st.sampled_from(["slot:s001", "robot", "outside"]),
        st.sampled_from(MediumState),
        label=st.none() | NAMES,
    ),
    st.builds(AlarmRaised, NAMES, NAMES, ERRORS),
    st.builds(AlarmAcknowledged, NAMES, NAMES, st.just(4040), NAMES),
    st.builds(AlarmCleared, NAMES, NAMES, st.just(4040), st.just("") | NAMES),
    st.just(DoorChanged("front", DoorState.OPEN)),
    st.builds(GrantWanted, NAMES),
)
TABLES = (schema.jobs, schema.media, schema.alarms, schema.events, schema.appliances)


def left_behind(holdings: Holdings) -> list[list[str]]:
    found = [sorted(repr(tuple(row)) for row in holdings.rows(table)) for table in TABLES]
    commands = holdings.rows(schema.commands)
    return [*found, sorted(repr((row.appliance, row.body, row.state)) for row in commands)]


def told(size: int, events: list[tuple[int, EventBody]]) -> list[list[str]]:
    """What the store holds after these events of two appliances, heard `size` at a time."""
    with tempfile.TemporaryDirectory() as folder:
        holdings = Holdings(Path(folder))
        desk = Desk(holdings)
        racks = [PaperAppliance(name="rack-1"), PaperAppliance(name="rack-2")]
        desk.hear(*(rack.status() for rack in racks))
        messages = []
        for number, (which, body) in enumerate(events):
            racks[which].now = NOW + timedelta(seconds=number)
            messages.append(racks[which].emit(body))
        # An appliance's events are in order, appliances are not: so one after the other.
        messages.sort(key=lambda message: message.topic)
        for start in range(0, len(messages), size):
            desk.hear(*messages[start : start + size])
        found = left_behind(holdings)
        holdings.workspace.close()
        return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), BODIES), min_size=2, max_size=12))
def test_together_they_leave_behind_what_they_do_one_by_one(
    events: list[tuple[int, EventBody]],
) -> None:
    assert told(100, events) == told(1, events)


@pytest.fixture
def statements(desk: Desk) -> list[str]:
    found: list[str] = []
    sa.event.listen(
        desk.store, "before_cursor_execute", lambda *words: found.append(words[2].split()[0])
    )
    return found


def test_a_hundred_appliances_cost_as_many_statements_as_one(
    desk: Desk, holdings: Holdings, statements: list[str]
) -> None:
    def an_hour(racks: list[PaperAppliance]) -> int:
        statements.clear()
        desk.hear(*(rack.status() for rack in racks))
        desk.hear(
            *(
                rack.emit(body)
                for rack in racks
                for body in (
                    JobChanged(f"j-{rack.name}", "burn", JobState.RUNNING, JobStage.LOAD),
                    MediumChanged(f"m-{rack.name}", "robot", MediumState.BLANK),
                    AlarmRaised("damp", "climate", ErrorInfo(4040, "damp")),
                    AlarmCleared("damp", "climate", 4040),
                )
            )
        )
        return len(statements)

    one = an_hour([PaperAppliance(name="rack-one")])
    many = an_hour([PaperAppliance(name=f"rack-{n}") for n in range(100)])
    assert many == one < 25
    assert len(holdings.rows(schema.jobs)) == 101
    assert {row.next_seq for row in holdings.rows(schema.appliances)} == {5}


def test_a_replay_that_brings_known_events_too_is_taken_at_once(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, statements: list[str]
) -> None:
    raised = AlarmRaised("damp", "climate", ErrorInfo(4040, "damp"))
    desk.hear(rack.status(), *(rack.emit(raised) for _ in range(20)))
    again = [rack.sealed(seq) for seq in range(1, 21)]
    statements.clear()
    desk.hear(*again, *(rack.emit(raised) for _ in range(20)), *again)
    assert len(statements) < 12
    assert holdings.row(schema.appliances).next_seq == 41
    assert len(holdings.rows(schema.events)) == 40


def test_a_number_told_with_another_event_is_an_alarm_in_a_batch_too(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    desk.hear(rack.status(), rack.emit(DoorChanged("front", DoorState.OPEN)))
    other = PaperAppliance()
    lie = other.emit(DoorChanged("front", DoorState.LOCKED))
    desk.hear(lie, rack.emit(DoorChanged("front", DoorState.UNLOCKED)))
    assert holdings.row(schema.alarms).code == 5253
    assert holdings.row(schema.appliances).next_seq == 3


def test_statuses_of_one_batch_leave_the_last_word(desk: Desk, holdings: Holdings) -> None:
    there, gone, new = (PaperAppliance(name=name) for name in ("there", "gone", "new"))
    desk.hear(gone.status(), gone.status(online=False), there.status(online=False), there.status())
    assert holdings.row(schema.appliances, name="there").online is True
    row = holdings.row(schema.appliances, name="gone")
    assert (row.online, row.profile, row.epoch) == (False, "rack", "epoch-1")
    new.emit(DoorChanged("front", DoorState.OPEN))
    desk.hear(new.status(), there.status())
    assert desk.intake.wanted == {Source("north", "new"): Replay("epoch-1", 1)}
