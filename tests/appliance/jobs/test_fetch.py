"""How files come back from a copy."""

import asyncio
from pathlib import Path

from appliance.contract.messages import (
    Burn,
    ContentRef,
    CopyLost,
    CopyVerified,
    Fetch,
    FetchItem,
    FilesDelivered,
    Grant,
    GrantWanted,
    JobChanged,
)
from appliance.contract.states import DriveState, JobStage, JobState, MediumState
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import Station
from tests.appliance.jobs.test_burn import play

VOLUME = Volume(1, files_of(1, 6, 1_500_000))
PATHS = [file.path for file in VOLUME.plan.files]


async def archived(station: Station) -> CopyVerified:
    station.tell(VOLUME.order())
    await station.settled()
    return station.events(CopyVerified)[0]


def fetch(copy: CopyVerified, name: str = "f") -> Fetch:
    return Fetch(
        name, VOLUME.id, copy.copy_id, copy.medium_id, ContentRef(f"mem://fetches/{name}", "good")
    )


def test_files_are_delivered_in_the_order_wanted(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    wanted = [PATHS[4], PATHS[0], PATHS[-1], PATHS[2]]
    delivery = archive.want("f", VOLUME, wanted)

    async def story(station: Station) -> None:
        copy = await archived(station)
        station.tell(fetch(copy), "j")
        await station.settled()
        assert bytes(delivery.received) == b"".join(VOLUME.files[path] for path in wanted)
        (told,) = station.events(FilesDelivered)
        assert (told.files, told.bytes_sent) == (4, len(delivery.received))
        assert station.library.media.get(copy.medium_id).is_home

    play(tmp_path, story, Cabinet(), archive)


def test_a_broken_upload_goes_on_where_the_console_stands(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    delivery = archive.want("f", VOLUME, PATHS)

    async def story(station: Station) -> None:
        copy = await archived(station)
        archive.break_after = [1, 2_000_000, 1_600_000]
        station.tell(fetch(copy), "j")
        await station.settled()
        assert bytes(delivery.received) == VOLUME.payload
        assert archive.break_after == []

    play(tmp_path, story, Cabinet(), archive)


def test_only_empty_files_are_a_delivery_too(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    archive.want("f", VOLUME, ["case 1/empty"])

    async def story(station: Station) -> None:
        station.tell(fetch(await archived(station)), "j")
        await station.settled()
        assert [e.bytes_sent for e in station.events(FilesDelivered)] == [0]

    play(tmp_path, story, Cabinet(), archive)


def test_a_token_that_runs_out_is_renewed(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    delivery = archive.want("f", VOLUME, PATHS)

    async def story(station: Station) -> None:
        copy = await archived(station)
        archive.token = "fresh"
        station.tell(fetch(copy), "j")
        await station.until(lambda: bool(station.events(GrantWanted)))
        station.tell(Grant("j", "fresh"))
        await station.settled()
        assert bytes(delivery.received) == VOLUME.payload

    play(tmp_path, story, Cabinet(), archive)


def test_a_damaged_file_is_named_and_all_before_it_has_arrived_whole(tmp_path: Path) -> None:
    cabinet, archive = Cabinet(), Archive(VOLUME)
    delivery = archive.want("f", VOLUME, PATHS)

    async def story(station: Station) -> None:
        copy = await archived(station)
        place = station.library.catalogue.file(VOLUME.id, PATHS[3])
        assert place is not None
        cabinet.places[copy.slot].content[place.offset_bytes + 7] ^= 1
        station.tell(fetch(copy), "j")
        await station.settled()
        job = station.job("j")
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert (job.error.code, job.error.detail) == (3308, PATHS[3])
        whole = b"".join(VOLUME.files[path] for path in PATHS[:3])
        assert bytes(delivery.received).startswith(whole)
        released = len(delivery.received) - len(whole)
        assert 0 < released < place.size_bytes
        assert [e.copy_id for e in station.events(CopyLost)] == [copy.copy_id]
        assert station.library.media.get(copy.medium_id).state is MediumState.WRITTEN
        readers = {e.drive for e in station.events(JobChanged) if e.stage is JobStage.READ}
        assert readers == {None, "d1", "d2"}

    play(tmp_path, story, cabinet, archive)


def test_a_dirty_lens_delays_the_delivery_and_no_more(tmp_path: Path) -> None:
    cabinet, archive = Cabinet(), Archive(VOLUME)
    delivery = archive.want("f", VOLUME, PATHS)

    async def story(station: Station) -> None:
        copy = await archived(station)
        cabinet.dirty = {"d1"}
        station.tell(fetch(copy), "j")
        await station.settled()
        assert bytes(delivery.received) == VOLUME.payload
        assert station.library.media.get(copy.medium_id).state is MediumState.VERIFIED

    play(tmp_path, story, cabinet, archive)


def test_a_file_that_is_not_on_the_volume_moves_no_disc(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    archive.want("f", VOLUME, PATHS[:1]).items.append(FetchItem("case 1/none", 3, "0" * 64))

    async def story(station: Station) -> None:
        station.tell(fetch(await archived(station)), "j")
        await station.settled()
        job = station.job("j")
        assert job.error is not None
        assert job.error.code == 3310
        assert [step for step, _ in station.acts("j")] == ["prepare", "return"]

    play(tmp_path, story, Cabinet(), archive)


def test_requests_for_one_disc_share_one_load(tmp_path: Path) -> None:
    archive = Archive(VOLUME)
    deliveries = [archive.want(f"f{n}", VOLUME, [PATHS[n]]) for n in range(4)]

    async def story(station: Station) -> None:
        copy = await archived(station)
        before = moves(station)
        for n in range(4):
            station.tell(fetch(copy, f"f{n}"), f"j{n}")
        await station.settled()
        assert moves(station) - before == 2
        for n, delivery in enumerate(deliveries):
            assert bytes(delivery.received) == VOLUME.files[PATHS[n]]
        assert station.library.media.get(copy.medium_id).is_home
        assert all(seat.state is DriveState.EMPTY for seat in station.library.drives)

    play(tmp_path, story, Cabinet(), archive)


def moves(station: Station) -> int:
    return int(station.db.conn.execute("SELECT count(*) FROM moves").fetchone()[0])


def test_a_fetch_does_not_wait_behind_a_queue_of_burns(tmp_path: Path) -> None:
    burns = [Volume(n, files_of(n, 2, 2_000_000)) for n in range(2, 8)]
    archive = Archive(VOLUME, *burns)
    archive.want("f", VOLUME, PATHS[:1])

    async def story(station: Station) -> None:
        copy = await archived(station)
        for number, volume in enumerate(burns):
            station.tell(volume.order(), f"b{number}")
        await asyncio.sleep(1)
        station.tell(fetch(copy), "j")
        await station.until(lambda: station.job("j").state.is_final)
        burned = [job.id for job in station.jobs() if isinstance(job.body, Burn)]
        open_burns = [job for job in burned if not station.job(job).state.is_final]
        assert len(open_burns) >= 4
        await station.settled()
        assert {job.state for job in station.jobs()} == {JobState.DONE}

    play(tmp_path, story, Cabinet(slots=10, discs=9), archive)
