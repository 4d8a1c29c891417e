"""The disc cabinet without a robot: the same jobs, carried by a person."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.contract.messages import (
    AlarmCleared,
    AlarmRaised,
    Cancel,
    ContentRef,
    CopyVerified,
    Fetch,
)
from appliance.contract.states import JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.desk import DeskCabinet

VOLUME = Volume(1, files_of(1, 3, 200_000))
PATHS = [file.path for file in VOLUME.plan.files]


def play(
    folder: Path, story: Callable[[Station, DeskCabinet], Awaitable[None]], archive: Archive
) -> None:
    async def whole() -> None:
        desk = DeskCabinet(folder / "world")
        station = Station(folder, desk, archive)
        await station.start()
        await station.surveyed()
        await story(station, desk)
        told = {medium.place.partition(":")[2] for medium in station.media()}
        assert told == {disc.place for disc in desk.discs}
        assert all(disc.burns <= 1 for disc in desk.discs)
        await desk.leave()
        await station.kill()
        desk.cabinet.stop()

    run_virtual(whole())


async def until(station: Station, holds: Callable[[], bool]) -> None:
    await station.until(holds, limit_s=5000)


def test_a_volume_is_burned_and_fetched_by_hand(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    delivery = archive.want("f", VOLUME, PATHS)

    async def story(station: Station, desk: DeskCabinet) -> None:
        station.tell(VOLUME.order(), "b")
        await station.settled(limit_s=5000)
        (copy,) = station.events(CopyVerified)
        content = ContentRef("mem://fetches/f", "good")
        station.tell(Fetch("f", VOLUME.id, copy.copy_id, copy.medium_id, content), "g")
        await station.settled(limit_s=5000)
        assert bytes(delivery.received) == b"".join(VOLUME.files[path] for path in PATHS)
        assert {job.state for job in station.jobs()} == {JobState.DONE}
        assert all(medium.is_home for medium in station.media())
        assert desk.lit() == []

    play(tmp_path, story, archive)


def test_while_nobody_comes_the_job_says_that_it_waits_for_a_person(tmp_path: Path) -> None:
    async def story(station: Station, desk: DeskCabinet) -> None:
        desk.is_there = False
        station.tell(VOLUME.order(), "b")
        await until(station, lambda: len(desk.lit()) == 1)
        await asyncio.sleep(3600)
        assert station.view("b").waiting_for == "person"
        (robot,) = station.library.telemetry().robots
        assert robot.doing.startswith("carry the disc of slot m1.s00")
        station.tell(Cancel("b"))
        await until(station, lambda: station.job("b").state is JobState.CANCELLED)
        assert desk.lit() == []
        assert all(m.state is MediumState.UNSEEN and m.is_home for m in station.media())

    play(tmp_path, story, Archive(VOLUME))


def test_a_disc_in_the_hand_when_the_power_went_is_asked_back(tmp_path: Path) -> None:
    async def story(station: Station, desk: DeskCabinet) -> None:
        desk.is_there = False
        station.tell(VOLUME.order(), "b")
        await until(station, lambda: len(desk.lit()) == 1)
        (slot,) = desk.lit()
        disc = desk.cabinet.world.disc_at(slot)
        assert disc is not None
        desk.is_there = True
        await until(station, lambda: disc.place == "outside")
        desk.is_there = False
        await asyncio.sleep(2)
        await station.kill()
        await station.start()
        await until(station, lambda: desk.lit() == [slot])
        desk.is_there = True
        await station.settled(limit_s=5000)
        assert len(station.events(CopyVerified)) == 1
        assert not [a for a in station.events(AlarmRaised) if a.error.code == 2202]

    play(tmp_path, story, Archive(VOLUME))


def test_a_wrong_disc_is_an_alarm_until_it_is_back(tmp_path: Path) -> None:
    async def story(station: Station, desk: DeskCabinet) -> None:
        desk.is_there = False
        station.tell(VOLUME.order(), "b")
        await until(station, lambda: len(desk.lit()) == 1)
        world = desk.cabinet.world
        (wanted,) = desk.lit()
        wrong = next(d for d in desk.discs if d.place != wanted)
        slot = wrong.place
        world.move(wrong, "outside")
        await until(station, lambda: any(a.error.code == 2130 for a in station.events(AlarmRaised)))
        await until(station, lambda: desk.lit() == [slot])
        world.move(wrong, slot)
        await until(station, lambda: any(a.code == 2130 for a in station.events(AlarmCleared)))
        desk.is_there = True
        await station.settled(limit_s=5000)
        assert len(station.events(CopyVerified)) == 1

    play(tmp_path, story, Archive(VOLUME))
