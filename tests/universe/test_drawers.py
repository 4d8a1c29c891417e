"""A person pulls disks and puts them in, at the drawers of a simulated hybrid cabinet."""

import asyncio
from pathlib import Path

from appliance.contract.messages import CopyLost, CopyVerified, FileIn, TakeOut, Verify
from appliance.contract.states import BayState, JobState, MediumKind
from appliance.services.disks.drawers import OPEN_S
from simulators.clock import run_virtual
from simulators.hands.hand import do
from tests.appliance.jobs.archive import Archive
from tests.universe.media_cabinet import Media, MediaStation
from tests.universe.test_media import VOLUME, archived, over_cabinet


def hand(media: Media, *words: str) -> None:
    """A person does it with the front door open."""
    door = media.cabinet.world.doors["front"]
    door.is_open = True
    try:
        do(media.cabinet, list(words))
    finally:
        door.is_open = False


def bay_state(station: MediaStation, bay: str) -> BayState:
    picture = station.stores.shown(station.library.telemetry())
    return next(view.state for view in picture.bays if view.bay == bay)


def disk_in(station: MediaStation, bay: str) -> str:
    carrier = station.stores.carriers.at(f"bay:{bay}")
    assert carrier is not None
    return carrier.id


def place_of(station: MediaStation, medium_id: str) -> str:
    return station.stores.carriers.get(medium_id).place


async def released(station: MediaStation, bay: str) -> None:
    await station.until(lambda: bay_state(station, bay) is BayState.RELEASED, limit_s=600)


def told(station: MediaStation, job_id: str) -> int | None:
    error = station.job(job_id).error
    return error.code if error else None


def test_a_disk_is_pulled_and_recognised_when_it_comes_back(tmp_path: Path) -> None:
    async def story(media: Media, station: MediaStation) -> None:
        await archived(station, MediumKind.DISK, "w")
        (copy,) = station.events(CopyVerified)
        bay = place_of(station, copy.medium_id).removeprefix("bay:")
        out = station.tell(TakeOut([copy.medium_id])).job_id or ""
        await released(station, bay)
        assert not media.cabinet.world.bays[bay].power_on
        hand(media, "pull-disk", bay)
        await station.settled(limit_s=60)
        assert station.job(out).state is JobState.DONE, station.job(out).error
        assert place_of(station, copy.medium_id) == "outside"
        assert bay_state(station, bay) is BayState.EMPTY
        assert not media.cabinet.world.bays[bay].released
        await asyncio.sleep(60)  # the disk watch finds nothing that is amiss
        assert not station.library.alarms.standing(f"medium:{copy.medium_id}")
        assert not station.events(CopyLost)

        back = station.tell(FileIn(["b07"])).job_id or ""
        await released(station, "b07")
        hand(media, "insert-disk", "b07")
        await station.settled(limit_s=60)
        assert station.job(back).state is JobState.DONE, station.job(back).error
        await station.until(lambda: place_of(station, copy.medium_id) == "bay:b07", limit_s=60)
        station.order(Verify(copy.copy_id, "v1", copy.medium_id), "v")
        await station.settled()
        assert station.job("v").state is JobState.DONE, station.job("v").error

    over_cabinet(tmp_path, story)


def test_a_drawer_that_nobody_pulls_is_held_again(tmp_path: Path) -> None:
    async def story(media: Media, station: MediaStation) -> None:
        disk = disk_in(station, "b01")
        out = station.tell(TakeOut([disk])).job_id or ""
        await released(station, "b01")
        await station.settled(limit_s=OPEN_S + 60)
        assert told(station, out) == 2221
        (view,) = [v for v in station.engine.jobs_telemetry().jobs if v.job_id == out]
        assert view.error == station.job(out).error
        assert bay_state(station, "b01") is BayState.OFF
        assert not media.cabinet.world.bays["b01"].released
        assert place_of(station, disk) == "bay:b01"
        assert station.library.reservations.holder(disk) is None

    over_cabinet(tmp_path, story)


def test_a_disk_in_use_is_released_only_when_its_job_has_ended(tmp_path: Path) -> None:
    async def story(media: Media, station: MediaStation) -> None:
        await archived(station, MediumKind.DISK, "w")
        (copy,) = station.events(CopyVerified)
        bay = place_of(station, copy.medium_id).removeprefix("bay:")
        station.order(Verify(copy.copy_id, "v1", copy.medium_id), "v")
        await station.until(
            lambda: station.library.reservations.holder(copy.medium_id) == "v", limit_s=60
        )
        out = station.tell(TakeOut([copy.medium_id])).job_id or ""
        await released(station, bay)
        assert station.job("v").state is JobState.DONE
        hand(media, "pull-disk", bay)
        await station.settled(limit_s=60)
        assert station.job(out).state is JobState.DONE

    over_cabinet(tmp_path, story)


def test_discs_and_disks_go_out_together(tmp_path: Path) -> None:
    async def story(media: Media, station: MediaStation) -> None:
        disk, disc = disk_in(station, "b02"), station.library.media.with_home("s002")
        assert disc is not None
        out = station.tell(TakeOut([disk, disc.id])).job_id or ""
        await released(station, "b02")
        (view,) = [v for v in station.engine.jobs_telemetry().jobs if v.job_id == out]
        assert "bay b02" in view.waiting_for
        assert "slot s002" in view.waiting_for
        gate = station.gates.interlock.gate
        gate.close("door:front")
        await station.gates.interlock.still()
        hand(media, "pull-disk", "b02")
        hand(media, "take", "s002")
        await asyncio.sleep(5)
        gate.open("door:front")
        await station.settled(limit_s=600)
        assert station.job(out).state is JobState.DONE, station.job(out).error
        assert place_of(station, disk) == "outside"
        assert station.library.media.get(disc.id).place == "outside"

    over_cabinet(tmp_path, story)


def test_a_tape_is_not_handed_out(tmp_path: Path) -> None:
    async def story(_media: Media, station: MediaStation) -> None:
        tape = station.stores.carriers.all(MediumKind.TAPE)[0]
        reply = station.tell(TakeOut([tape.id]))
        assert reply.error is not None
        assert reply.error.code == 3331

    over_cabinet(tmp_path, story)


def test_a_disk_pulled_while_the_firmware_is_dead_costs_no_copy(tmp_path: Path) -> None:
    async def whole() -> None:
        media = Media(tmp_path / "world")
        station = MediaStation(tmp_path, media, Archive(VOLUME))
        await station.start()
        await station.known()
        await archived(station, MediumKind.DISK, "w")
        (copy,) = station.events(CopyVerified)
        bay = place_of(station, copy.medium_id).removeprefix("bay:")
        out = station.tell(TakeOut([copy.medium_id])).job_id or ""
        await released(station, bay)
        await station.until(lambda: media.cabinet.world.bays[bay].released, limit_s=60)
        await media.disconnect()  # so that the latch stays as it is
        await station.kill()
        media.cabinet.world.bays[bay].released = True  # also if it was held at the last moment
        hand(media, "pull-disk", bay)
        await station.start()
        await station.settled(limit_s=600)
        assert station.job(out).state is JobState.DONE, station.job(out).error
        assert place_of(station, copy.medium_id) == "outside"
        assert not station.events(CopyLost)
        assert not station.library.alarms.standing(f"medium:{copy.medium_id}")
        assert not media.cabinet.world.bays[bay].released
        await station.kill()
        media.cabinet.stop()

    run_virtual(whole())


def test_a_disk_left_in_its_drawer_over_a_power_cut_is_released_again(tmp_path: Path) -> None:
    async def whole() -> None:
        media = Media(tmp_path / "world")
        station = MediaStation(tmp_path, media, Archive(VOLUME))
        await station.start()
        await station.known()
        disk = disk_in(station, "b01")
        out = station.tell(TakeOut([disk])).job_id or ""
        await released(station, "b01")
        await media.disconnect()
        await station.kill()
        media.cabinet.world.bays.set_released("b01", released=False)  # the spring, without power
        await station.start()
        await released(station, "b01")
        hand(media, "pull-disk", "b01")
        await station.settled(limit_s=60)
        assert station.job(out).state is JobState.DONE, station.job(out).error
        await station.kill()
        media.cabinet.stop()

    run_virtual(whole())
