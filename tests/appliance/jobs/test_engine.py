"""What the engine promises about commands, restarts and its own end."""

from datetime import timedelta
from pathlib import Path

import pytest

from appliance.contract.messages import (
    Burn,
    Cancel,
    Command,
    CommandBody,
    ContentRef,
    CopyVerified,
    Fetch,
    Grant,
    JobChanged,
    Replay,
    TakeInventory,
    Verify,
)
from appliance.contract.states import JobStage, JobState, RobotState, SlotState
from hal.errors import HalError
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import Station, over
from tests.appliance.jobs.test_burn import LARGE, VOLUME, play

NOWHERE = ContentRef("mem://none", "good")


def test_the_same_command_twice_starts_one_job_and_gets_one_answer(tmp_path: Path) -> None:
    async def story(station: Station) -> None:
        first = station.tell(VOLUME.order(), "once")
        second = station.tell(VOLUME.order(), "once")
        assert not first.duplicate
        assert second.duplicate
        assert (second.accepted, second.job_id, second.at) == (True, "once", first.at)
        await station.settled()
        third = station.tell(VOLUME.order(), "once")
        assert third.duplicate
        assert len(station.events(CopyVerified)) == 1

    play(tmp_path, story, Cabinet())


def test_a_refusal_is_remembered_too(tmp_path: Path) -> None:
    async def story(station: Station) -> None:
        first = station.tell(Cancel("nothing"), "c")
        again = station.tell(Cancel("nothing"), "c")
        assert first.error is not None
        assert first.error.code == 5102
        assert (again.accepted, again.error, again.duplicate) == (False, first.error, True)

    play(tmp_path, story, Cabinet())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (Cancel("none"), 5102),
        (Grant("none", "t"), 5102),
        (Verify("c", "v1", "m-none"), 2201),
        (Fetch("f", "v1", "c", "m-none", NOWHERE), 2201),
        (TakeInventory(["s999"]), 2207),
        (Replay("e", 1), 5107),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int) else str(value),
)
def test_what_cannot_succeed_is_refused_with_a_number(
    tmp_path: Path, body: CommandBody, code: int
) -> None:
    async def story(station: Station) -> None:
        before = len(station.jobs())
        reply = station.tell(body, "x")
        assert not reply.accepted
        assert reply.error is not None
        assert reply.error.code == code
        assert len(station.jobs()) == before

    play(tmp_path, story, Cabinet())


def test_a_command_that_has_expired_is_refused(tmp_path: Path) -> None:
    async def story(station: Station) -> None:
        now = station.now()
        late = Command("late", now, VOLUME.order(), expires_at=now - timedelta(seconds=1))
        reply = station.engine.submit(late)
        assert reply.error is not None
        assert reply.error.code == 5101

    play(tmp_path, story, Cabinet())


def test_a_copy_is_not_made_twice_and_a_volume_never_changes(tmp_path: Path) -> None:
    other_plan = Volume(1, files_of(9, 1, 10)).order(copy="z")

    def code(station: Station, body: Burn) -> int | None:
        reply = station.tell(body)
        return reply.error.code if reply.error else None

    async def story(station: Station) -> None:
        assert code(station, VOLUME.order()) is None
        assert code(station, VOLUME.order()) == 5105
        assert code(station, other_plan) == 3312
        await station.settled()
        assert code(station, VOLUME.order()) == 5105
        assert code(station, other_plan) == 3312
        assert code(station, VOLUME.order(copy="b")) is None
        await station.settled()
        copies = station.events(CopyVerified)
        assert {copy.copy_id for copy in copies} == {"v1-a", "v1-b"}
        assert len({copy.medium_id for copy in copies}) == 2
        wrong = Verify("v1-a", "v2", copies[0].medium_id)
        reply = station.tell(wrong)
        assert reply.error is not None
        assert reply.error.code == 5108

    play(tmp_path, story, Cabinet())


def test_commands_are_taken_while_the_robot_is_not_there(tmp_path: Path) -> None:
    cabinet = Cabinet()
    cabinet.robot_fault = HalError(1001, "no such port")

    async def story() -> None:
        station = over(tmp_path, cabinet, Archive(VOLUME))
        await station.start()
        await station.until(lambda: station.library.telemetry().robots[0].error is not None)
        assert station.tell(VOLUME.order(), "b").accepted
        view = station.view("b")
        assert (view.state, view.waiting_for) == (JobState.WAITING, "robot")
        telemetry = station.library.telemetry()
        assert telemetry.robots[0].state is RobotState.ALARM
        assert {slot.state for slot in telemetry.slots} == {SlotState.UNKNOWN}
        cabinet.robot_fault = None
        await station.settled()
        assert station.job("b").state is JobState.DONE

    run_virtual(story())


def test_a_stop_lets_the_next_start_go_on(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story() -> None:
        station = over(tmp_path, cabinet, Archive(LARGE))
        await station.start()
        station.tell(LARGE.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.VERIFY)
        await station.engine.stop()
        assert not station.job("b").state.is_final
        await station.kill()
        await station.start()
        await station.surveyed()
        assert station.job("b").state is JobState.DONE
        assert sum(disc.burns for disc in cabinet.places.values()) == 1

    run_virtual(story())


def test_a_cancellation_survives_a_restart(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story() -> None:
        station = over(tmp_path, cabinet, Archive(LARGE))
        await station.start()
        station.tell(LARGE.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.BURN)
        station.tell(Cancel("b"))
        await station.kill()
        await station.start()
        await station.surveyed()
        assert station.job("b").state is JobState.CANCELLED
        assert all(medium.is_home for medium in station.media())

    run_virtual(story())


def test_telemetry_shows_a_job_until_some_time_after_its_end(tmp_path: Path) -> None:
    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        view = station.view("b")
        assert (view.state, view.fraction, view.stage) == (JobState.DONE, 1.0, JobStage.FINISHED)
        ended = station.now()
        await station.until(lambda: station.now() - ended > timedelta(minutes=3))
        assert station.engine.jobs_telemetry().jobs == []

    play(tmp_path, story, Cabinet())


def test_many_burns_keep_all_drives_busy(tmp_path: Path) -> None:
    volumes = [Volume(n, files_of(n, 2, 1_000_000)) for n in range(1, 9)]

    async def makespan(drives: int) -> float:
        cabinet = Cabinet(slots=10, discs=10, drives=drives)
        cabinet.burn_bytes_per_s = 50_000
        station = over(tmp_path / str(drives), cabinet, Archive(*volumes))
        await station.start()
        await station.surveyed()
        began = station.now()
        for volume in volumes:
            station.tell(volume.order())
        await station.settled()
        assert {job.state for job in station.jobs()} == {JobState.DONE}
        return (station.now() - began).total_seconds()

    serial_s, parallel_s = run_virtual(makespan(1)), run_virtual(makespan(4))
    assert parallel_s < 0.45 * serial_s


def test_an_unexpected_error_ends_the_job_and_not_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(VOLUME, LARGE)

    async def explode(ref: ContentRef) -> object:
        raise ZeroDivisionError

    async def story(station: Station) -> None:
        monkeypatch.setattr(archive, "plan", explode)
        station.tell(VOLUME.order(), "a")
        await station.settled()
        monkeypatch.undo()
        station.tell(LARGE.order(), "b")
        await station.settled()
        error = station.job("a").error
        assert error is not None
        assert error.code == 5000
        assert station.job("b").state is JobState.DONE
        finals = [e for e in station.events(JobChanged) if e.state.is_final]
        assert [e.job_id for e in finals][1:] == ["a", "b"]

    play(tmp_path, story, Cabinet(), archive)
