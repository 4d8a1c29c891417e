"""What a burn job does when all goes well, and when discs, drives, robot and console do not."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.messages import (
    AlarmCleared,
    AlarmRaised,
    Cancel,
    CopyVerified,
    Grant,
    GrantWanted,
    JobChanged,
    MediumChanged,
    TakeInventory,
)
from appliance.contract.states import JobStage, JobState, MediumState
from hal.errors import HalError
from hal.interfaces.optical_drive import DiscStatus
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import Station, over

VOLUME = Volume(1, files_of(1, 5, 300_000))
LARGE = Volume(2, files_of(2, 12, 1_000_000))


def play(
    folder: Path,
    story: Callable[[Station], Awaitable[None]],
    cabinet: Cabinet,
    archive: Archive | None = None,
) -> None:
    """Start an appliance that has taken its inventory, and let the story go on from there."""

    async def whole() -> None:
        station = over(folder, cabinet, archive or Archive(VOLUME, LARGE))
        await station.start()
        await station.surveyed()
        await story(station)

    run_virtual(whole())


def spent(station: Station) -> list[MediumState]:
    """What became of the media that are no longer blank."""
    return sorted(m.state for m in station.media() if not m.state.may_be_burned)


def test_a_volume_is_burned_verified_and_put_back(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        reply = station.tell(VOLUME.order())
        assert reply.accepted
        await station.settled()
        assert station.job(reply.job_id or "").state is JobState.DONE
        (copy,) = station.events(CopyVerified)
        assert copy.bytes_read == copy.image_size_bytes == VOLUME.image.size_bytes
        assert copy.burn_drive == copy.verify_drive
        medium = station.library.media.get(copy.medium_id)
        assert medium.state is MediumState.VERIFIED
        assert medium.is_home
        assert bytes(cabinet.places[copy.slot].content) == VOLUME.image_bytes
        stages = [e.stage for e in station.events(JobChanged) if e.job_id == reply.job_id]
        assert list(dict.fromkeys(stages)) == [
            JobStage.QUEUED,
            JobStage.LOAD,
            JobStage.BURN,
            JobStage.VERIFY,
            JobStage.RETURN,
            JobStage.FINISHED,
        ]

    play(tmp_path, story, cabinet)


def test_every_file_of_the_volume_is_in_the_catalogue_with_its_place(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        station.tell(VOLUME.order())
        await station.settled()
        (copy,) = station.events(CopyVerified)
        disc = cabinet.places[copy.slot]
        for path, data in VOLUME.files.items():
            place = station.library.catalogue.file(VOLUME.id, path)
            assert place is not None
            assert bytes(disc.content[place.offset_bytes :][: place.size_bytes]) == data

    play(tmp_path, story, cabinet)


def test_a_broken_stream_is_resumed_at_the_exact_byte(tmp_path: Path) -> None:
    archive = Archive(LARGE)
    archive.break_after = [150_000, 2_000_000, 100_000]

    async def story(station: Station) -> None:
        station.tell(LARGE.order())
        await station.settled()
        assert len(station.events(CopyVerified)) == 1
        assert len(archive.offsets) == 4
        assert archive.offsets == sorted(set(archive.offsets))
        assert spent(station) == [MediumState.VERIFIED]

    play(tmp_path, story, Cabinet(), archive)


def test_a_console_that_is_away_for_hours_delays_the_burn_and_no_more(tmp_path: Path) -> None:
    archive = Archive(LARGE)

    async def story(station: Station) -> None:
        station.tell(LARGE.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.BURN)
        archive.away = True
        await station.until(lambda: bool(station.events(AlarmRaised)))
        assert station.view("b").waiting_for == "content"
        assert station.view("b").seconds_left is None
        archive.away = False
        await station.settled()
        assert len(station.events(CopyVerified)) == 1
        assert [e.error.code for e in station.events(AlarmRaised)] == [1201]
        assert len(station.events(AlarmCleared)) == 1

    play(tmp_path, story, Cabinet(), archive)


def test_a_refused_token_is_asked_for_anew_and_the_burn_goes_on(tmp_path: Path) -> None:
    archive = Archive(LARGE)

    async def story(station: Station) -> None:
        station.tell(LARGE.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.BURN)
        archive.token = "fresh"
        await station.until(lambda: bool(station.events(GrantWanted)))
        assert station.view("b").state is JobState.WAITING
        assert station.tell(Grant("b", "fresh")).accepted
        await station.settled()
        assert station.job("b").state is JobState.DONE
        assert len(station.events(GrantWanted)) == 1
        assert spent(station) == [MediumState.VERIFIED]

    play(tmp_path, story, Cabinet(), archive)


def test_content_that_is_damaged_early_touches_no_disc(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    volume = Volume(1, VOLUME.files)
    volume.payload = b"x" + volume.payload[1:]
    archive.volumes["v1"] = volume

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        job = station.job("b")
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert job.error.code == 3301
        assert "case 1/" in job.error.message
        assert spent(station) == []
        assert all(m.is_home for m in station.media())

    play(tmp_path, story, Cabinet(), archive)


def test_content_that_is_damaged_late_costs_the_disc_and_names_the_file(tmp_path: Path) -> None:
    archive = Archive(LARGE)
    volume = Volume(2, LARGE.files)
    volume.payload = volume.payload[:-1] + b"x"
    archive.volumes["v2"] = volume

    async def story(station: Station) -> None:
        station.tell(LARGE.order(), "b")
        await station.settled()
        job = station.job("b")
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert job.error.code == 3301
        assert "case 2/0011.bin" in job.error.message
        assert spent(station) == [MediumState.CONDEMNED]
        assert all(m.is_home for m in station.media())

    play(tmp_path, story, Cabinet(), archive)


def test_a_plan_that_is_not_the_one_ordered_is_refused_before_any_motion(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    archive.volumes["v1"] = Volume(1, files_of(7, 2, 100))

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        job = station.job("b")
        assert job.error is not None
        assert job.error.code == 3303
        assert [step for step, _ in station.acts("b")] == ["prepare", "return"]

    play(tmp_path, story, Cabinet(), archive)


def test_a_dirty_lens_costs_no_disc(tmp_path: Path) -> None:
    cabinet = Cabinet()
    cabinet.dirty = {"d1"}

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert (copy.burn_drive, copy.verify_drive) == ("d1", "d2")
        assert copy.burn_s is not None
        assert spent(station) == [MediumState.VERIFIED]
        assert ("verify", "other_drive") in station.acts("b")

    play(tmp_path, story, cabinet)


def test_a_drive_that_keeps_failing_is_taken_out_of_service_with_an_alarm(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=8, discs=6)
    cabinet.dirty = {"d1"}
    volumes = [Volume(n, files_of(n, 1, 1000)) for n in range(1, 5)]

    async def story(station: Station) -> None:
        for volume in volumes:
            station.tell(volume.order())
            await station.settled()
        assert len(station.events(CopyVerified)) == 4
        assert [e.error.code for e in station.events(AlarmRaised)] == [2204]
        assert station.library.drives.seat("d1").fault is not None

    play(tmp_path, story, cabinet, Archive(*volumes))


def test_a_disc_bad_in_every_drive_is_condemned_and_the_volume_burned_anew(tmp_path: Path) -> None:
    cabinet = Cabinet()
    cabinet.places["s1"].unreadable = True

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.slot != "s1"
        assert spent(station) == [MediumState.CONDEMNED, MediumState.VERIFIED]
        condemned = [
            e for e in station.events(MediumChanged) if e.state is MediumState.CONDEMNED and e.error
        ]
        assert {e.error.code for e in condemned if e.error} == {3209}
        assert station.job("b").attempt == 2

    play(tmp_path, story, cabinet)


def test_no_more_media_are_spent_than_allowed(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=8, discs=6)
    for disc in cabinet.places.values():
        disc.unreadable = True

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(max_media=2), "b")
        await station.settled()
        job = station.job("b")
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert job.error.code == 3311
        assert spent(station) == [MediumState.CONDEMNED] * 2
        assert all(m.is_home for m in station.media())

    play(tmp_path, story, cabinet)


def test_a_write_error_costs_the_disc_and_another_drive_burns_the_next(tmp_path: Path) -> None:
    cabinet = Cabinet()
    cabinet.failing_burns = {"d1": 5}

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.burn_drive == "d2"
        assert spent(station) == [MediumState.CONDEMNED, MediumState.VERIFIED]

    play(tmp_path, story, cabinet)


def test_without_a_blank_the_job_fails_with_an_alarm_and_works_after_refilling(
    tmp_path: Path,
) -> None:
    cabinet = Cabinet(slots=3, discs=1)
    cabinet.places["s1"].state = DiscStatus.CLOSED

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        job = station.job("b")
        assert job.error is not None
        assert job.error.code == 2206
        assert [m.state for m in station.media()] == [MediumState.FOREIGN]
        assert [e.error.code for e in station.events(AlarmRaised)] == [2206]
        fresh = Cabinet().places["s1"]
        cabinet.put(fresh, "s2")
        await take_inventory(station)
        station.tell(VOLUME.order(), "again")
        await station.settled()
        assert station.job("again").state is JobState.DONE
        assert [e.code for e in station.events(AlarmCleared)] == [2206]

    play(tmp_path, story, cabinet)


async def take_inventory(station: Station) -> None:
    assert station.tell(TakeInventory()).accepted
    await station.settled()


def test_a_blank_that_is_too_small_is_left_blank_and_another_taken(tmp_path: Path) -> None:
    cabinet = Cabinet()
    cabinet.places["s1"].capacity_bytes = 1 << 20

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.slot != "s1"
        small = station.library.media.with_home("s1")
        assert small is not None
        assert (small.state, small.capacity_bytes) == (MediumState.BLANK, 1 << 20)
        assert cabinet.places["s1"].burns == 0

    play(tmp_path, story, cabinet)


def test_a_fumble_of_the_robot_is_tried_again(tmp_path: Path) -> None:
    cabinet = Cabinet()
    cabinet.fumbles = 2

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        assert station.job("b").state is JobState.DONE
        assert len(station.events(AlarmRaised)) == len(station.events(AlarmCleared)) > 0

    play(tmp_path, story, cabinet)


def test_a_robot_in_alarm_is_waited_for_and_the_operator_is_told_once(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.BURN)
        cabinet.robot_fault = HalError(2001, "limit switch")
        await station.until(lambda: station.view("b").waiting_for == "operator")
        await station.until(lambda: len(station.acts("b")) > 12)
        assert [e.error.code for e in station.events(AlarmRaised)] == [2001]
        error = station.library.telemetry().robots[0].error
        assert error is not None
        assert error.code == 2001
        cabinet.robot_fault = None
        await station.settled()
        assert station.job("b").state is JobState.DONE
        assert len(station.events(AlarmCleared)) == 1

    play(tmp_path, story, cabinet)


def test_a_drive_that_keeps_its_disc_goes_out_of_service_and_the_copy_counts(
    tmp_path: Path,
) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.VERIFY)
        drive = station.view("b").drive or ""
        cabinet.stuck_trays = {drive}
        await station.settled()
        assert station.job("b").state is JobState.DONE
        (copy,) = station.events(CopyVerified)
        assert station.library.media.get(copy.medium_id).place == f"drive:{drive}"
        assert [e.where for e in station.events(AlarmRaised)] == [f"drive:{drive}"]
        cabinet.stuck_trays.clear()
        await take_inventory(station)
        assert station.library.media.get(copy.medium_id).is_home
        assert station.library.drives.seat(drive).fault is None

    play(tmp_path, story, cabinet)


@pytest.mark.parametrize(
    ("stage", "left"),
    [
        (JobStage.LOAD, []),
        (JobStage.BURN, [MediumState.CONDEMNED]),
        (JobStage.VERIFY, [MediumState.CONDEMNED]),
        (JobStage.RETURN, [MediumState.VERIFIED]),
    ],
)
def test_cancelling_is_safe_at_every_stage(
    tmp_path: Path, stage: JobStage, left: list[MediumState]
) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        station.tell(LARGE.order(), "b")
        await station.until(lambda: station.view("b").stage is stage)
        if stage is JobStage.BURN:
            await station.until(lambda: station.view("b").bytes_done > 0)
        assert station.tell(Cancel("b")).accepted
        await station.settled()
        done = stage is JobStage.RETURN
        assert station.job("b").state is (JobState.DONE if done else JobState.CANCELLED)
        assert spent(station) == left
        assert all(m.is_home for m in station.media())
        assert all(seat.job_id is None for seat in station.library.drives)

    play(tmp_path, story, cabinet)


def test_progress_is_believable(tmp_path: Path) -> None:
    async def story(station: Station) -> None:
        station.tell(LARGE.order(), "first")
        await station.settled()
        station.tell(LARGE.order(copy="b"), "b")
        await station.until(lambda: (station.view("b").fraction or 0) > 0.2)
        view = station.view("b")
        assert view.seconds_left is not None
        assert view.speed_bytes_per_s is not None
        began = station.now()
        await station.until(lambda: station.view("b").stage is JobStage.RETURN)
        took_s = (station.now() - began).total_seconds()
        assert view.seconds_left == pytest.approx(took_s, rel=0.35, abs=8)

    play(tmp_path, story, Cabinet(slots=6, discs=4))
