"""What a person who stays with a job is told, line by line."""

from datetime import UTC, datetime

from appliance.contract.messages import AlarmView, DoorView, ErrorInfo, JobView
from appliance.contract.states import DoorState, JobStage, JobState
from appliance.local.follow import Story

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def job(waits: str = "", *, fraction: float | None = None, job_id: str = "c1") -> JobView:
    state = JobState.WAITING if waits else JobState.RUNNING
    return JobView(job_id, "file_in", state, JobStage.HANDLE, waiting_for=waits, fraction=fraction)


def alarm(alarm_id: str, message: str) -> AlarmView:
    return AlarmView(alarm_id, "slot:m1.s020", ErrorInfo(2222, message), NOON)


def test_each_thing_to_do_is_said_once_and_which_door_it_is_behind() -> None:
    story = Story("c1")
    story.doors = [DoorView("m1", DoorState.LOCKED), DoorView("m2", DoorState.LOCKED)]
    deed = job("person: put discs into slots m2.s007, m2.s008")
    assert list(story.of_jobs([deed, job("person: other", job_id="c2")])) == [
        "now put discs into slots m2.s007, m2.s008",
        "  it is behind door m2: turn its key, then type stele-appliance unlock m2",
    ]
    assert list(story.of_jobs([deed])) == []
    assert list(story.of_jobs([job("person: close the doors")])) == ["now close the doors"]


def test_no_door_is_named_to_a_person_who_has_opened_one() -> None:
    story = Story("c1")
    story.doors = [DoorView("front", DoorState.OPEN), DoorView("rear", DoorState.LOCKED)]
    assert list(story.of_jobs([job("person: pull the disks out of bay b01")])) == [
        "now pull the disks out of bay b01"
    ]


def test_other_waits_are_named_and_progress_is_told_in_tenths() -> None:
    story = Story("c1")
    lines = [
        line
        for view in (
            job("robot"),
            job(fraction=0.01),
            job(fraction=0.31),
            job(fraction=0.33),
            job("door:front", fraction=0.33),
            job(fraction=1.0),
        )
        for line in story.of_jobs([view])
    ]
    assert lines == ["waits for the robot", "30 % done", "waits for door:front"]


def test_alarms_that_stood_before_are_not_told_and_new_ones_are_till_they_end() -> None:
    story = Story("c1")
    old, new = alarm("library:1", "old"), alarm("slot:m1.s020:2222", "a disc is astray")
    assert list(story.of_alarms([old])) == []
    assert list(story.of_alarms([old, new])) == ["alarm slot:m1.s020:2222: a disc is astray"]
    assert list(story.of_alarms([old, new])) == []
    assert list(story.of_alarms([old])) == ["alarm ended: a disc is astray"]


def test_it_ends_with_the_job_and_not_before_the_job_was_seen() -> None:
    story = Story("c1")
    assert list(story.of_jobs([])) == []
    assert story.ended is None
    ended = JobView("c1", "file_in", JobState.FAILED, JobStage.FINISHED)
    assert list(story.of_jobs([ended])) == ["failed"]
    assert story.ended is ended
