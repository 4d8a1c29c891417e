"""A person files discs in and takes them out, at a robot's door and at slots with lights."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import CopyLost, FileIn, Locate, TakeInventory, TakeOut
from appliance.contract.states import JobState, MediumState
from appliance.services.inventory import APPEARED, MISSED
from appliance.services.losses import TAKEN
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive
from tests.appliance.jobs.station import Station
from tests.universe.lit_cabinet import LitCabinet
from tests.universe.magazine_nodes import MagazineNodes
from tests.universe.nodes import hold


def at_nodes(folder: Path, tale: Callable[[Station, MagazineNodes], Awaitable[None]]) -> None:
    async def whole() -> None:
        nodes = MagazineNodes(folder / "world")
        station = Station(folder, nodes, Archive())
        await station.start()
        await station.surveyed()
        await tale(station, nodes)
        hold(station, nodes)
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())


async def at_open_door(station: Station, nodes: MagazineNodes, *deeds: tuple[str, ...]) -> None:
    """Wait until the job asks; open, act, close."""
    await station.until(
        lambda: any(
            v.waiting_for.startswith("person") for v in station.engine.jobs_telemetry().jobs
        )
    )
    station.gates.interlock.gate.close("door:front")
    await station.gates.interlock.still()
    for deed in deeds:
        nodes.hand(*deed)
    await asyncio.sleep(5.0)
    station.gates.interlock.gate.open("door:front")
    await station.settled()


def test_what_a_person_files_in_is_in_the_inventory(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        job = station.tell(FileIn(["n00.s004"])).job_id or ""
        await at_open_door(station, nodes, ("put", "n00.s004", "new"))
        assert station.job(job).state is JobState.DONE
        medium = station.library.media.with_home("n00.s004")
        assert medium is not None
        assert medium.state is MediumState.UNSEEN

    at_nodes(tmp_path, tale)


def test_a_slot_that_stayed_empty_is_told(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        job = station.tell(FileIn(count=1)).job_id or ""
        await at_open_door(station, nodes)
        error = station.job(job).error
        assert error is not None
        assert error.code == 2221

    at_nodes(tmp_path, tale)


def test_what_a_person_takes_out_is_outside_and_its_slot_free(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        medium = station.library.media.with_home("n00.s002")
        assert medium is not None
        job = station.tell(TakeOut([medium.id])).job_id or ""
        await at_open_door(station, nodes, ("take", "n00.s002"))
        assert station.job(job).state is JobState.DONE
        assert station.library.media.get(medium.id).place == "outside"
        assert station.library.media.with_home("n00.s002") is None

    at_nodes(tmp_path, tale)


def test_a_disc_taken_instead_of_another_is_told(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        medium = station.library.media.with_home("n00.s002")
        assert medium is not None
        job = station.tell(TakeOut([medium.id])).job_id or ""
        await at_open_door(station, nodes, ("take", "n00.s003"))
        error = station.job(job).error
        assert error is not None
        assert error.code == 2222
        assert station.library.media.get(medium.id).is_home

    at_nodes(tmp_path, tale)


def test_where_there_is_no_light_locating_is_refused(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        assert station.fittings is not None
        with pytest.raises(SteleError) as refused:
            station.fittings.locate(Locate("n00.s001"))
        assert refused.value.code == 2230

    at_nodes(tmp_path, tale)


def at_lights(folder: Path, tale: Callable[[Station, LitCabinet], Awaitable[None]]) -> None:
    async def whole() -> None:
        cabinet = LitCabinet(folder / "world")
        station = Station(folder, cabinet, Archive())
        await station.start()
        await station.surveyed()
        await tale(station, cabinet)
        await station.kill()
        await cabinet.leave()
        cabinet.cabinet.stop()

    run_virtual(whole())


def test_lights_lead_a_person_who_files_in(tmp_path: Path) -> None:
    async def tale(station: Station, cabinet: LitCabinet) -> None:
        job = station.tell(FileIn(["m1.s010", "m1.s011"])).job_id or ""
        await station.until(lambda: cabinet.lit() == ["m1.s010", "m1.s011"], limit_s=60)
        cabinet.hand("put", "m1.s012", "new")
        alarms = station.library.alarms
        await station.until(lambda: alarms.stands("slot:m1.s012", 2222), limit_s=60)
        cabinet.hand("take", "m1.s012")
        cabinet.hand("put", "m1.s010")
        cabinet.hand("put", "m1.s011", "new")
        await station.settled()
        assert station.job(job).state is JobState.DONE
        assert not alarms.stands("slot:m1.s012", 2222)
        await station.until(lambda: cabinet.lit() == [], limit_s=60)
        homes = {medium.home_slot for medium in station.media()}
        assert {"m1.s010", "m1.s011"} < homes

    at_lights(tmp_path, tale)


def test_a_disc_that_comes_or_goes_without_a_job_is_noticed(tmp_path: Path) -> None:
    async def tale(station: Station, cabinet: LitCabinet) -> None:
        alarms, media = station.library.alarms, station.library.media
        medium = media.with_home("m1.s001")
        assert medium is not None
        cabinet.hand("take", "m1.s001")
        await station.until(lambda: alarms.stands(f"medium:{medium.id}", TAKEN), limit_s=6)
        assert media.get(medium.id).place == "outside"
        cabinet.hand("put", "m1.s001")
        await station.until(lambda: media.get(medium.id).is_home, limit_s=6)
        assert not alarms.stands(f"medium:{medium.id}", TAKEN)
        cabinet.hand("put", "m1.s009", "new")
        await station.until(lambda: alarms.stands("slot:m1.s009", APPEARED), limit_s=6)
        cabinet.hand("take", "m1.s009")
        await station.until(lambda: not alarms.stands("slot:m1.s009", APPEARED), limit_s=6)

    at_lights(tmp_path, tale)


def counted(station: Station, slot: str) -> tuple[str, str]:
    """A verified copy on the disc of a slot, as a burn would have left it: medium and copy."""
    medium = station.library.media.with_home(slot)
    assert medium is not None
    with station.db.atomic():
        station.db.conn.execute(
            "INSERT OR IGNORE INTO volumes (volume_id, plan_sha256, label, image_size_bytes, "
            "files, complete) VALUES ('v-1', '', '', 0, 0, 1)"
        )
        station.library.catalogue.record_copy("c-1", "v-1", medium.id)
        station.library.media.mark(medium.id, MediumState.VERIFIED)
    return medium.id, "c-1"


def counts(station: Station, copy_id: str) -> bool:
    copy = station.library.catalogue.copy(copy_id)
    return copy is not None and not copy.lost


def test_copies_count_on_while_a_taken_disc_may_come_back(tmp_path: Path) -> None:
    async def tale(station: Station, cabinet: LitCabinet) -> None:
        alarms, media = station.library.alarms, station.library.media
        medium, copy = counted(station, "m1.s001")
        cabinet.hand("take", "m1.s001")
        await station.until(lambda: alarms.stands(f"medium:{medium}", TAKEN), limit_s=6)
        await asyncio.sleep(MISSED.total_seconds() - 60)
        cabinet.hand("put", "m1.s001")
        await station.until(lambda: media.get(medium).is_home, limit_s=6)
        await asyncio.sleep(2 * MISSED.total_seconds())
        assert counts(station, copy)
        assert media.get(medium).state is MediumState.WRITTEN
        assert not alarms.standing(f"medium:{medium}")
        assert not station.events(CopyLost)

    at_lights(tmp_path, tale)


@pytest.mark.parametrize("by_inventory", [True, False])
def test_copies_of_a_disc_that_is_really_gone_are_lost(tmp_path: Path, by_inventory: bool) -> None:
    async def tale(station: Station, cabinet: LitCabinet) -> None:
        alarms = station.library.alarms
        medium, copy = counted(station, "m1.s001")
        cabinet.hand("take", "m1.s001")
        await station.until(lambda: alarms.stands(f"medium:{medium}", TAKEN), limit_s=6)
        assert counts(station, copy)
        if by_inventory:
            station.tell(TakeInventory(["m1.s001"]))
            await station.settled(limit_s=MISSED.total_seconds() / 2)
        else:
            await asyncio.sleep(MISSED.total_seconds() + 60)
        assert not counts(station, copy)
        assert [lost.copy_id for lost in station.events(CopyLost)] == [copy]
        assert [error.code for error in alarms.standing(f"medium:{medium}")] == [2202]

    at_lights(tmp_path, tale)


def test_one_slot_is_lit_and_dark_again(tmp_path: Path) -> None:
    async def tale(station: Station, cabinet: LitCabinet) -> None:
        assert station.fittings is not None
        station.fittings.locate(Locate("m1.s007"))
        await station.until(lambda: cabinet.lit() == ["m1.s007"], limit_s=5)
        assert [v.slot for v in station.fittings.shown(station.library.telemetry()).slots if v.lit]
        station.fittings.locate(Locate("m1.s007", on=False))
        await station.until(lambda: cabinet.lit() == [], limit_s=5)

    at_lights(tmp_path, tale)
