"""An inventory by identity: discs that somebody exchanged are told apart by what is on them."""

from pathlib import Path

from appliance.contract.errors import ErrorInfo
from appliance.contract.messages import CopyLost, InventoryBy, TakeInventory
from appliance.contract.states import JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.magazine_nodes import MagazineNodes
from tests.universe.nodes import hold

VOLUMES = [Volume(number, files_of(number, 2, 50_000)) for number in (1, 2)]


def forget(folder: Path) -> None:
    """The firmware's database is lost."""
    for file in folder.glob("state.db*"):
        file.unlink()


def test_exchanged_discs_get_their_slots_and_a_lost_database_its_volumes(tmp_path: Path) -> None:
    async def whole() -> None:
        nodes = MagazineNodes(tmp_path / "world", nodes=1, discs=3)
        station = Station(tmp_path, nodes, Archive(*VOLUMES))
        await station.start()
        await station.surveyed()
        for volume in VOLUMES:
            station.tell(volume.order())
        await station.settled()
        held = {m.volume_id: m for m in station.media() if m.volume_id}
        slots = sorted(m.home_slot or "" for m in held.values())
        for slot in slots:
            nodes.hand("take", slot)
        serials = nodes.cabinet.world.state.taken[-2:]
        for slot, serial in zip(slots, reversed(serials), strict=True):
            nodes.hand("put", slot, serial)
        job = station.tell(TakeInventory(by=InventoryBy.IDENTITY)).job_id or ""
        await station.settled()
        assert station.job(job).state is JobState.DONE
        now = {m.volume_id: m for m in station.media() if m.volume_id}
        assert {v: m.id for v, m in now.items()} == {v: m.id for v, m in held.items()}
        first, second = now
        assert now[first].home_slot == held[second].home_slot
        assert now[second].home_slot == held[first].home_slot
        hold(station, nodes)
        await station.kill()
        forget(tmp_path)
        await station.start()
        await station.surveyed()
        station.tell(TakeInventory(by=InventoryBy.IDENTITY))
        await station.settled()
        found = {m.home_slot: (m.volume_id, m.state) for m in station.media() if m.volume_id}
        assert found == {m.home_slot: (v, MediumState.WRITTEN) for v, m in now.items()}
        assert sorted(m.state for m in station.media() if not m.volume_id) == [MediumState.BLANK]
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())


def test_a_strange_disc_in_a_slot_ends_the_copies_of_the_one_that_was_there(tmp_path: Path) -> None:
    async def whole() -> None:
        nodes = MagazineNodes(tmp_path / "world", nodes=1, discs=3)
        station = Station(tmp_path, nodes, Archive(*VOLUMES))
        await station.start()
        await station.surveyed()
        for volume in VOLUMES:
            station.tell(volume.order())
        await station.settled()
        first, second = (m for m in station.media() if m.volume_id)
        slots = [first.home_slot or "", second.home_slot or ""]
        for slot in slots:
            nodes.hand("take", slot)
        serial = nodes.cabinet.world.state.taken[-2]
        nodes.hand("put", slots[1], serial)
        nodes.hand("put", slots[0], "new")
        station.tell(TakeInventory(by=InventoryBy.IDENTITY))
        await station.settled()
        assert [lost.medium_id for lost in station.events(CopyLost)] == [second.id]
        assert station.library.media.get(first.id).home_slot == slots[1]
        assert station.library.media.get(second.id).place == "outside"
        assert station.library.alarms.stands(f"medium:{second.id}", 2202)
        new = station.library.media.with_home(slots[0])
        assert new is not None
        assert new.state is MediumState.BLANK
        place = f"medium:{first.id}"
        for code in (2104, 2216):
            station.library.alarms.sound(place, ErrorInfo(code, "from an earlier inventory"))
        station.tell(TakeInventory(by=InventoryBy.IDENTITY))
        await station.settled()
        # It was read, so what kept it from being read is over; what a person must settle is not.
        assert [alarm.code for alarm in station.library.alarms.standing(place)] == [2216]
        hold(station, nodes)
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())
