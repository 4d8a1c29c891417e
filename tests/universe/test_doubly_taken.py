"""A slot that is taken twice: somebody puts a disc where the robot's own one is to come back."""

from pathlib import Path

import pytest

from appliance.contract.messages import AlarmCleared, AlarmRaised, InventoryBy, TakeInventory
from appliance.contract.states import JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.magazine_nodes import MagazineNodes
from tests.universe.nodes import hold

VOLUME = Volume(1, files_of(1, 2, 400_000))
DOUBLY_TAKEN = 2219


@pytest.mark.parametrize("power_goes", [False, True], ids=["running", "power cut on the way back"])
def test_the_disc_that_comes_back_gets_another_slot(tmp_path: Path, *, power_goes: bool) -> None:
    async def whole() -> None:
        nodes = MagazineNodes(tmp_path / "world", nodes=1, discs=2)
        station = Station(tmp_path, nodes, Archive(VOLUME))
        await station.start()
        await station.surveyed()
        job = station.tell(VOLUME.order()).job_id or ""
        await station.until(lambda: any(m.state is MediumState.BURNING for m in station.media()))
        burning = next(m for m in station.media() if m.state is MediumState.BURNING)
        slot = burning.home_slot or ""
        nodes.hand("put", slot, "new")
        if power_goes:
            await station.until(
                lambda: station.library.media.get(burning.id).place.startswith("robot")
            )
            await station.kill()
            await station.start()
        await station.settled()
        assert station.job(job).state is JobState.DONE
        assert station.library.media.get(burning.id).state is MediumState.VERIFIED
        assert station.library.media.get(burning.id).home_slot != slot
        assert station.library.media.get(burning.id).is_home
        raised = [a for a in station.events(AlarmRaised) if a.error.code == DOUBLY_TAKEN]
        assert [alarm.where for alarm in raised] == [f"slot:{slot}"]
        assert len(station.media()) == 3
        hold(station, nodes)
        station.tell(TakeInventory(by=InventoryBy.IDENTITY))
        await station.settled()
        assert DOUBLY_TAKEN in {alarm.code for alarm in station.events(AlarmCleared)}
        hold(station, nodes)
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())
