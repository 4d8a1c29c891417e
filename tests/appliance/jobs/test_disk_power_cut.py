"""The power goes at every commit of a volume's way to a disk and back; nothing is half done."""

import os
from pathlib import Path

import bagit
import pytest

from appliance.contract.messages import ContentRef, CopyVerified, Fetch, FilesDelivered
from appliance.contract.states import JobState, MediumKind, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.bays import Bays, DiskStation, room_of
from tests.appliance.jobs.test_disks import order

VOLUME = Volume(1, files_of(1, 3, 500_000))
PATHS = [file.path for file in VOLUME.plan.files]
WANTED = b"".join(VOLUME.files[path] for path in PATHS)


@pytest.fixture(autouse=True)
def _disks_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", room_of)
    monkeypatch.setattr(os, "sync", lambda: None)  # the machine itself does not fail here


async def lived_through(bays: Bays, folder: Path, cut_at: int | None, *, lost: bool) -> DiskStation:
    """Archive and fetch, with one power cut at a commit; returns the appliance afterwards."""
    archive = Archive(VOLUME)
    delivery = archive.want("f1", VOLUME, PATHS)
    station = DiskStation(folder, bays, archive)
    station.cut_at, station.cut_before = cut_at, lost
    for _ in range(2):
        await station.start()
        station.order(order(VOLUME), "write-1")
        await station.settled()
        if not station.cut.is_set():
            medium_id = station.events(CopyVerified)[0].medium_id
            content = ContentRef("mem://fetches/f1", "good")
            station.order(Fetch("f1", VOLUME.id, "v1-a", medium_id, content), "fetch-1")
            await station.settled()
        if not station.cut.is_set():
            break
        await station.kill()
        bays.on.clear()
    assert bytes(delivery.received) == WANTED
    return station


def check_all_is_well(station: DiskStation, bays: Bays) -> None:
    states = {job.id: (job.state, job.error) for job in station.jobs()}
    assert {state for state, _ in states.values()} == {JobState.DONE}, states
    (copy,) = station.events(CopyVerified)
    assert len(station.events(FilesDelivered)) == 1
    folders = [path for disk in bays.disks.values() for path in disk.root.iterdir()]
    assert sorted(path.name for path in folders if path.is_dir()) == ["v1"]
    root = bays.folder / station.stores.carriers.get(copy.medium_id).mark
    assert bagit.Bag(str(root / "v1")).validate(processes=1)
    carriers = station.stores.carriers.all(MediumKind.DISK)
    assert {c.state for c in carriers} <= {MediumState.BLANK, MediumState.WRITTEN}


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_at_any_commit(tmp_path: Path, *, lost: bool) -> None:
    async def story(cut_at: int | None) -> int:
        bays = Bays(tmp_path / f"disks {cut_at}")
        (tmp_path / f"state {cut_at}").mkdir()
        station = await lived_through(bays, tmp_path / f"state {cut_at}", cut_at, lost=lost)
        check_all_is_well(station, bays)
        commits = station.commits
        await station.kill()
        return commits

    for cut_at in range(1, run_virtual(story(None)) + 1):
        try:
            run_virtual(story(cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
