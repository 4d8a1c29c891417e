"""Whole burn jobs: firmware, drivers and simulated rack in one virtual time."""

from pathlib import Path

from appliance.contract.messages import CopyVerified
from appliance.contract.states import JobState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.rack import Rack

VOLUME = Volume(1, files_of(1, 5, 200_000))


def test_a_volume_is_burned_verified_and_put_back(tmp_path: Path) -> None:
    async def story() -> None:
        rack = Rack(tmp_path / "world")
        appliance = Station(tmp_path, rack, Archive(VOLUME))
        await appliance.start()
        appliance.tell(VOLUME.order(), "burn-1")
        await appliance.settled()
        job = appliance.job("burn-1")
        assert job.state is JobState.DONE, (job, appliance.acts("burn-1"))
        (copy,) = appliance.events(CopyVerified)
        disc = rack.disc_in(copy.slot)
        assert disc is not None
        assert disc.burns == 1
        assert rack.content(disc, VOLUME.image.size_bytes) == VOLUME.image_bytes
        assert copy.bytes_read >= VOLUME.image.size_bytes
        await appliance.kill()
        rack.cabinet.stop()

    run_virtual(story())
