"""Alarms are raised, acknowledged and cleared once, each with its time and person."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from appliance.agent.outbox import Outbox
from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    ErrorInfo,
    Event,
    EventBody,
)
from appliance.services.alarms import MIGRATIONS, Alarms
from appliance.services.state import open_state

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
JAM = ErrorInfo(2104, "the gripper is jammed", "at s017")
SMOKE = ErrorInfo(4050, "smoke in the cabinet")


class Board:
    """Alarms over a real database, with a clock that is turned by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = BEGAN
        self.open()

    def open(self) -> None:
        self.db = open_state(self.folder / "state.db")
        self.alarms = Alarms(self.db, Outbox(self.db, lambda: self.now), lambda: self.now)

    def pass_time(self, **much: float) -> datetime:
        self.now += timedelta(**much)
        return self.now

    def events(self) -> list[EventBody]:
        rows = self.db.conn.execute("SELECT payload FROM outbox ORDER BY seq").fetchall()
        return [msgspec.json.decode(row[0], type=Event).body for row in rows]

    def ids(self, *, at_cabinet: bool = False) -> list[str]:
        return [view.alarm_id for view in self.alarms.telemetry(at_cabinet=at_cabinet).alarms]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_an_alarm_tells_when_it_was_raised_and_by_whom_it_was_seen(board: Board) -> None:
    board.alarms.sound("changer", JAM)
    seen_at = board.pass_time(minutes=5)
    board.alarms.acknowledge("changer:2104", "wang")
    (view,) = board.alarms.telemetry().alarms
    assert (view.where, view.error) == ("changer", JAM)
    assert (view.raised_at, view.acknowledged_at) == (BEGAN, seen_at)
    assert view.acknowledged_by == "wang"


def test_seen_twice_is_seen_by_the_first_and_told_once(board: Board) -> None:
    board.alarms.sound("changer", JAM)
    board.alarms.acknowledge("changer:2104", "wang")
    board.alarms.acknowledge("changer:2104", "li")
    assert board.alarms.telemetry().alarms[0].acknowledged_by == "wang"
    assert board.events() == [
        AlarmRaised("changer:2104", "changer", JAM),
        AlarmAcknowledged("changer:2104", "changer", 2104, "wang"),
    ]


def test_an_ordinary_alarm_ends_with_its_cause_seen_or_not(board: Board) -> None:
    board.alarms.sound("changer", JAM)
    ended_at = board.pass_time(hours=1)
    board.alarms.clear("changer")
    assert board.ids() == []
    (past,) = board.alarms.history()
    assert (past.raised_at, past.cleared_at, past.error) == (BEGAN, ended_at, JAM)
    assert board.events()[-1] == AlarmCleared("changer:2104", "changer", 2104)


@pytest.mark.parametrize("first", ["seen", "gone"])
def test_a_latched_alarm_ends_only_when_seen_and_gone(board: Board, first: str) -> None:
    steps: dict[str, Callable[[], None]] = {
        "seen": lambda: board.alarms.acknowledge("smoke:4050", "wang"),
        "gone": lambda: board.alarms.clear("smoke", 4050),
    }
    board.alarms.sound("smoke", SMOKE, latched=True)
    steps.pop(first)()
    assert board.alarms.stands("smoke", 4050)
    steps.popitem()[1]()
    assert not board.alarms.stands("smoke", 4050)
    assert board.alarms.history()[0].acknowledged_by == "wang"
    cleared = board.events()[-1]
    assert isinstance(cleared, AlarmCleared)
    assert cleared.person == ("wang" if first == "gone" else "")


def test_a_latched_alarm_whose_cause_comes_back_waits_for_it_again(board: Board) -> None:
    board.alarms.sound("smoke", SMOKE, latched=True)
    board.alarms.clear("smoke", 4050)
    board.alarms.sound("smoke", SMOKE, latched=True)
    board.alarms.acknowledge("smoke:4050", "wang")
    assert board.alarms.stands("smoke", 4050), "the smoke is there"
    board.alarms.clear("smoke", 4050)
    assert not board.alarms.stands("smoke", 4050)
    assert len([event for event in board.events() if isinstance(event, AlarmRaised)]) == 1


def test_a_silent_alarm_is_for_the_console_alone(board: Board) -> None:
    board.alarms.sound("access", ErrorInfo(4027, "li"), latched=True, silent=True)
    assert board.ids() == ["access:4027"]
    assert board.ids(at_cabinet=True) == []
    with pytest.raises(SteleError, match="4060"):
        board.alarms.acknowledge("access:4027", "li", at_cabinet=True)
    board.alarms.clear("access")
    board.alarms.acknowledge("access:4027", "control room")
    assert board.alarms.history(at_cabinet=True) == []
    assert len(board.alarms.history()) == 1


@pytest.mark.parametrize("alarm_id", ["", "changer", "changer:", "changer:x", ":", "a:" + "9" * 50])
def test_an_unknown_alarm_is_refused_by_number(board: Board, alarm_id: str) -> None:
    board.alarms.sound("changer", JAM)
    with pytest.raises(SteleError, match="4060"):
        board.alarms.acknowledge(alarm_id, "wang")


def test_alarms_of_an_earlier_firmware_stand_on(tmp_path: Path) -> None:
    db = open_state(tmp_path / "state.db")
    _first_migration(db)
    db.conn.execute("INSERT INTO alarms VALUES ('changer', 2104, 'jammed')")
    db.close()
    board = Board(tmp_path)
    (view,) = board.alarms.telemetry().alarms
    assert (view.alarm_id, view.raised_at.year) == ("changer:2104", 1970)


def _first_migration(db: Database) -> None:
    first = MIGRATIONS.pending(db)[0].name
    MIGRATIONS.apply(db, stop_before="remember_times_and_people")
    assert first == "create_alarms"


def test_alarms_stand_across_a_restart_and_watchers_hear_of_changes(board: Board) -> None:
    heard: list[int] = []
    board.alarms.watch(lambda: heard.append(1))
    board.alarms.sound("changer", JAM)
    board.alarms.sound("changer", JAM)
    assert len(heard) == 1
    board.db.close()
    board.open()
    assert board.ids() == ["changer:2104"]


def test_history_forgets_after_more_than_a_year(board: Board) -> None:
    board.alarms.sound("changer", JAM)
    board.alarms.clear("changer")
    board.pass_time(days=401)
    board.alarms.sound("library", ErrorInfo(2206, "no blank"))
    board.alarms.clear("library")
    assert [past.where for past in board.alarms.history()] == ["library"]
