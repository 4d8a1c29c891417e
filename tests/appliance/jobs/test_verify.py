"""What a verify job finds out about a copy."""

from pathlib import Path

import pytest

from appliance.contract.messages import CopyLost, CopyVerified, Verify
from appliance.contract.states import JobState, MediumState
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import Station
from tests.appliance.jobs.test_burn import VOLUME, play


async def archive_then_verify(station: Station, cabinet: Cabinet, befall: str) -> CopyVerified:
    station.tell(VOLUME.order())
    await station.settled()
    (copy,) = station.events(CopyVerified)
    disc = cabinet.places[copy.slot]
    if befall == "rot":
        disc.content[len(disc.content) // 2] ^= 1
    if befall == "dirt":
        cabinet.dirty = {"d1"}
    if befall == "cut":
        del disc.content[-2048:]
    station.tell(Verify(copy.copy_id, VOLUME.id, copy.medium_id), "v")
    await station.settled()
    return copy


def test_a_good_copy_is_verified_again_by_the_plan_kept_here(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        await archive_then_verify(station, cabinet, "nothing")
        assert station.job("v").state is JobState.DONE
        first, second = station.events(CopyVerified)
        assert first.burn_drive is not None
        assert second.burn_drive is None
        assert second.bytes_read == VOLUME.image.size_bytes

    play(tmp_path, story, cabinet)


def test_dirt_in_one_drive_condemns_nothing(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        await archive_then_verify(station, cabinet, "dirt")
        assert station.job("v").state is JobState.DONE
        assert station.events(CopyVerified)[1].verify_drive == "d2"
        assert station.events(CopyLost) == []

    play(tmp_path, story, cabinet)


@pytest.mark.parametrize(("befall", "code", "readings"), [("rot", 3307, 2), ("cut", 3306, 1)])
def test_a_bad_copy_is_lost_and_its_disc_condemned(
    tmp_path: Path, befall: str, code: int, readings: int
) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        copy = await archive_then_verify(station, cabinet, befall)
        job = station.job("v")
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert job.error.code == code
        (lost,) = station.events(CopyLost)
        assert lost.copy_id == copy.copy_id
        medium = station.library.media.get(copy.medium_id)
        assert medium.state is MediumState.CONDEMNED
        assert medium.is_home
        assert [step for step, _ in station.acts("v")].count("verify") == readings

    play(tmp_path, story, cabinet)


def test_a_medium_that_someone_took_is_missed_and_its_copy_lost(tmp_path: Path) -> None:
    cabinet = Cabinet()

    async def story(station: Station) -> None:
        station.tell(VOLUME.order())
        await station.settled()
        (copy,) = station.events(CopyVerified)
        del cabinet.places[copy.slot]
        station.tell(Verify(copy.copy_id, VOLUME.id, copy.medium_id), "v")
        await station.settled()
        job = station.job("v")
        assert job.error is not None
        assert job.error.code == 2202
        assert station.library.media.get(copy.medium_id).place == "outside"
        assert [e.error.code for e in station.events(CopyLost)] == [2202]

    play(tmp_path, story, cabinet)
