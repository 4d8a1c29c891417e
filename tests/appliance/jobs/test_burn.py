"""The way of a burn job over a cabinet of plain objects."""

from pathlib import Path

from appliance.contract.messages import CopyVerified
from appliance.contract.states import JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import over

VOLUME = Volume(1, files_of(1, 5, 300_000))


def test_a_volume_is_burned_verified_and_put_back(tmp_path: Path) -> None:
    cabinet, archive = Cabinet(), Archive(VOLUME)

    async def story() -> None:
        appliance = over(tmp_path, cabinet, archive)
        await appliance.start()
        reply = appliance.tell(VOLUME.order())
        assert reply.accepted, reply
        await appliance.settled()
        job = appliance.job(reply.job_id)
        assert job.state is JobState.DONE
        (copy,) = appliance.events(CopyVerified)
        assert copy.bytes_read == VOLUME.image.size_bytes
        medium = appliance.library.media.get(copy.medium_id)
        assert medium.state is MediumState.VERIFIED
        assert medium.is_home
        assert bytes(cabinet.places[copy.slot].content) == VOLUME.image_bytes

    run_virtual(story())
