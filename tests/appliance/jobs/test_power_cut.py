"""The power goes at every commit of a burn and of a fetch; nothing is lost, nothing done twice.

One run without a cut counts the commits. Then each of them is where the power goes once before the
commit (what was to be written is lost) and once after it (what was to follow has not happened).
"""

from pathlib import Path

import pytest

from appliance.contract.messages import ContentRef, CopyVerified, Fetch, FilesDelivered
from appliance.contract.states import JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import Station, over

VOLUME = Volume(1, files_of(1, 4, 150_000))
PATHS = [file.path for file in VOLUME.plan.files]
WANTED = b"".join(VOLUME.files[path] for path in PATHS)


async def burn(station: Station) -> None:
    station.order(VOLUME.order(), "burn-1")
    await station.settled()


async def fetch(station: Station) -> None:
    medium_id = station.events(CopyVerified)[0].medium_id
    content = ContentRef("mem://fetches/f1", "good")
    station.order(Fetch("f1", VOLUME.id, "v1-a", medium_id, content), "fetch-1")
    await station.settled()


async def lived_through(
    cabinet: Cabinet, folder: Path, cut_at: int | None, *, lost: bool
) -> Station:
    """Archive and fetch, with one power cut at a commit; returns the appliance afterwards."""
    archive = Archive(VOLUME)
    delivery = archive.want("f1", VOLUME, PATHS)
    station = over(folder, cabinet, archive)
    station.cut_at, station.cut_before = cut_at, lost
    for _ in range(2):
        await station.start()
        for part in (burn, fetch):
            if not station.cut.is_set():
                await part(station)
        if not station.cut.is_set():
            break
        await station.kill()
    assert bytes(delivery.received) == WANTED
    return station


def check_all_is_well(station: Station, cabinet: Cabinet) -> None:
    states = {job.id: (job.state, job.error) for job in station.jobs()}
    assert {state for state, _ in states.values()} == {JobState.DONE}, states
    places = {medium.place for medium in station.media()}
    assert places == {f"slot:{place}" for place in cabinet.places}
    assert len(places) == len(station.media())
    (copy,) = station.events(CopyVerified)
    assert bytes(cabinet.places[copy.slot].content) == VOLUME.image_bytes
    others = [medium for medium in station.media() if medium.id != copy.medium_id]
    assert station.library.media.get(copy.medium_id).state is MediumState.VERIFIED
    spent = [medium for medium in others if not medium.state.may_be_burned]
    assert [medium.state for medium in spent] in ([], [MediumState.CONDEMNED])
    for medium in others:
        if medium.state.may_be_burned:
            assert cabinet.places[medium.home_slot or ""].burns == 0
    assert len(station.events(FilesDelivered)) == 1


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_at_any_commit(tmp_path: Path, *, lost: bool) -> None:
    async def count() -> int:
        cabinet = Cabinet(slots=3, discs=3)
        station = await lived_through(cabinet, tmp_path / "whole", None, lost=lost)
        check_all_is_well(station, cabinet)
        return station.commits

    async def story(cut_at: int) -> None:
        cabinet = Cabinet(slots=3, discs=3)
        station = await lived_through(cabinet, tmp_path / str(cut_at), cut_at, lost=lost)
        check_all_is_well(station, cabinet)

    for cut_at in range(1, run_virtual(count()) + 1):
        try:
            run_virtual(story(cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
