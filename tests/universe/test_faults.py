"""Whole jobs over the simulated rack when something breaks in it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.contract.messages import (
    AlarmCleared,
    AlarmRaised,
    ContentRef,
    CopyLost,
    CopyVerified,
    Fetch,
    TakeInventory,
    Verify,
)
from appliance.contract.states import JobStage, JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.rack import Rack, hold

VOLUME = Volume(1, files_of(1, 5, 200_000))


def play(
    folder: Path,
    story: Callable[[Station, Rack], Awaitable[None]],
    *,
    discs: int = 4,
    archive: Archive | None = None,
) -> None:
    """A rack whose firmware has taken its inventory; at the end I2 and I7 hold."""

    async def whole() -> None:
        rack = Rack(folder / "world", discs=discs)
        station = Station(folder, rack, archive or Archive(VOLUME))
        await station.start()
        await station.surveyed()
        await story(station, rack)
        hold(station, rack)
        await station.kill()
        rack.cabinet.stop()

    run_virtual(whole())


def states(station: Station) -> list[MediumState]:
    return sorted(m.state for m in station.media() if not m.state.may_be_burned)


def test_a_volume_is_burned_verified_and_fetched(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    paths = [file.path for file in VOLUME.plan.files]
    delivery = archive.want("f", VOLUME, paths)

    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        disc = rack.disc_in(copy.slot)
        assert disc is not None
        assert rack.content(disc, VOLUME.image.size_bytes) == VOLUME.image_bytes
        station.tell(Verify(copy.copy_id, VOLUME.id, copy.medium_id))
        content = ContentRef("mem://fetches/f", "good")
        station.tell(Fetch("f", VOLUME.id, copy.copy_id, copy.medium_id, content))
        await station.settled()
        assert bytes(delivery.received) == VOLUME.payload
        assert len(station.events(CopyVerified)) == 2

    play(tmp_path, story, archive=archive)


def test_a_dirty_lens_in_one_drive_costs_no_disc(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        rack.befall("dirty-lens", "d1")
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.burn_drive == "d1"
        assert copy.verify_drive != "d1"
        assert states(station) == [MediumState.VERIFIED]

    play(tmp_path, story)


def test_a_disc_that_takes_wrong_bytes_is_condemned_and_the_volume_burned_anew(
    tmp_path: Path,
) -> None:
    async def story(station: Station, rack: Rack) -> None:
        rack.befall("weak-burn", "s001")
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.slot != "s001"
        assert states(station) == [MediumState.CONDEMNED, MediumState.VERIFIED]

    play(tmp_path, story)


def test_a_scratch_is_found_by_verifying(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        rack.befall("scratch", copy.slot)
        station.tell(Verify(copy.copy_id, VOLUME.id, copy.medium_id), "v")
        await station.settled()
        assert station.job("v").state is JobState.FAILED
        assert states(station) == [MediumState.CONDEMNED]

    play(tmp_path, story)


def test_a_write_error_costs_one_disc(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        rack.befall("write-error", "s001", sector=900)
        station.tell(VOLUME.order(), "b")
        await station.settled()
        assert station.job("b").state is JobState.DONE
        assert states(station) == [MediumState.CONDEMNED, MediumState.VERIFIED]

    play(tmp_path, story)


def test_a_library_without_a_blank_says_so(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled()
        error = station.job("b").error
        assert error is not None
        assert error.code == 2206
        assert [alarm.error.code for alarm in station.events(AlarmRaised)] == [2206]

    play(tmp_path, story, discs=0)


def test_a_jammed_robot_is_waited_for(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.LOAD)
        await asyncio.sleep(3)
        rack.befall("jam")
        await station.until(lambda: bool(station.events(AlarmRaised)))
        await asyncio.sleep(300)
        rack.befall("jam", lift=True)
        rack.press_reset()
        await station.settled()
        assert station.job("b").state is JobState.DONE
        raised, cleared = station.events(AlarmRaised), station.events(AlarmCleared)
        assert {alarm.alarm_id for alarm in raised} == {alarm.alarm_id for alarm in cleared}

    play(tmp_path, story)


def test_a_silent_robot_is_waited_for(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.LOAD)
        rack.befall("serial-silence")
        await station.until(lambda: bool(station.events(AlarmRaised)))
        await asyncio.sleep(600)
        rack.befall("serial-silence", lift=True)
        await station.settled()
        assert station.job("b").state is JobState.DONE

    play(tmp_path, story)


def test_a_drive_that_goes_away_in_a_burn_costs_its_disc_until_it_comes_back(
    tmp_path: Path,
) -> None:
    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.BURN)
        await station.until(lambda: station.view("b").bytes_done > 0)
        rack.befall("drive-gone", "d1")
        await station.settled()
        assert station.job("b").state is JobState.DONE
        assert [alarm.where for alarm in station.events(AlarmRaised)] == ["drive:d1"]
        rack.befall("drive-gone", "d1", lift=True)
        station.tell(TakeInventory())
        await station.settled()
        assert all(medium.is_home for medium in station.media())
        assert len(station.events(AlarmCleared)) == 1

    play(tmp_path, story)


def test_a_stolen_disc_is_missed(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        rack.befall("steal", "s001")
        station.tell(VOLUME.order(), "b")
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.slot != "s001"
        lost = station.library.media.with_home("s001")
        assert lost is not None
        assert lost.place == "outside"

    play(tmp_path, story)


def test_many_jobs_over_four_drives_take_far_less_than_one_after_the_other(tmp_path: Path) -> None:
    volumes = [Volume(n, files_of(n, 1, 500_000)) for n in range(1, 7)]
    took: dict[int, float] = {}

    async def makespan(folder: Path, names: tuple[str, ...]) -> None:
        rack = Rack(folder / "world", discs=8, drives=names, base_speed=2_000)
        station = Station(folder, rack, Archive(*volumes))
        await station.start()
        await station.surveyed()
        began = station.now()
        for volume in volumes:
            station.tell(volume.order())
        await station.settled()
        assert {job.state for job in station.jobs()} == {JobState.DONE}
        hold(station, rack)
        took[len(names)] = (station.now() - began).total_seconds()
        await station.kill()
        rack.cabinet.stop()

    run_virtual(makespan(tmp_path / "one", ("d1",)))
    run_virtual(makespan(tmp_path / "four", ("d1", "d2", "d3", "d4")))
    assert took[4] < 0.5 * took[1], took


def test_a_disc_that_falls_on_its_way_home_is_lost_and_its_copy_with_it(tmp_path: Path) -> None:
    async def story(station: Station, rack: Rack) -> None:
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.view("b").stage is JobStage.RETURN)
        await station.until(lambda: rack.disc_in("gripper") is not None)
        disc = rack.disc_in("gripper")
        assert disc is not None
        rack.befall("steal", disc.serial)
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert station.library.media.get(copy.medium_id).place == "outside"
        assert [lost.copy_id for lost in station.events(CopyLost)] == [copy.copy_id]
        assert 2202 in {alarm.error.code for alarm in station.events(AlarmRaised)}

    play(tmp_path, story)
