"""One volume to disc, disk and tape and back, and labels, over real drivers and simulated wires."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import bagit
import msgspec
import pytest

from appliance.contract.messages import ContentRef, CopyVerified, Fetch, LabelPrinted
from appliance.contract.messages.values import Label
from appliance.contract.states import JobState, MediumKind
from simulators.clock import run_virtual
from simulators.devices.disk.filesystem import usable_bytes, used_bytes
from simulators.faults.fault import Fault, inject
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.universe.media_cabinet import Media, MediaStation

VOLUME = Volume(1, files_of(1, 4, 150_000))
PATHS = [file.path for file in VOLUME.plan.files]
WANTED = b"".join(VOLUME.files[path] for path in PATHS)


async def archived(station: MediaStation, kind: MediumKind, job_id: str) -> None:
    """Written and verified, if the power stays on that long."""
    order = msgspec.structs.replace(VOLUME.order(copy=kind), medium_kind=kind)
    station.order(order, job_id)
    await station.settled()


async def fetched(station: MediaStation, kind: MediumKind, job_id: str) -> None:
    copies = {copy.copy_id: copy for copy in station.events(CopyVerified)}
    copy = copies[f"v1-{kind}"]
    content = ContentRef(f"mem://fetches/{job_id}", "good")
    station.order(Fetch(job_id, "v1", copy.copy_id, copy.medium_id, content), job_id)
    await station.settled()


def over_cabinet(tmp_path: Path, story: Callable[[Media, MediaStation], Awaitable[None]]) -> None:
    async def whole() -> None:
        media = Media(tmp_path / "world")
        station = MediaStation(tmp_path, media, Archive(VOLUME))
        await station.start()
        await station.known()
        await story(media, station)
        await station.kill()
        media.cabinet.stop()

    run_virtual(whole())


@pytest.mark.parametrize("kind", [MediumKind.DISK, MediumKind.TAPE])
def test_a_volume_goes_to_every_kind_of_medium_and_comes_back(
    tmp_path: Path, kind: MediumKind
) -> None:
    async def story(media: Media, station: MediaStation) -> None:
        archive = station._content
        assert isinstance(archive, Archive)
        delivery = archive.want("f", VOLUME, PATHS)
        await archived(station, kind, "w")
        assert station.job("w").state is JobState.DONE, station.job("w").error
        await fetched(station, kind, "f")
        assert station.job("f").state is JobState.DONE, station.job("f").error
        assert bytes(delivery.received) == WANTED
        if kind is MediumKind.DISK:
            (copy,) = station.events(CopyVerified)
            serial = station.stores.carriers.get(copy.medium_id).mark
            root = media.cabinet.world.disk_folder(serial)
            assert bagit.Bag(str(root / "v1")).validate(processes=1)

    over_cabinet(tmp_path, story)


def test_a_disk_tells_its_own_room_and_one_that_became_too_small_takes_nothing(
    tmp_path: Path,
) -> None:
    async def story(media: Media, station: MediaStation) -> None:
        disks = media.cabinet.world.state.disks
        await archived(station, MediumKind.DISK, "w")
        (copy,) = station.events(CopyVerified)
        carrier = station.stores.carriers.get(copy.medium_id)
        disk = disks[carrier.mark]
        used = used_bytes(media.cabinet.world.disk_folder(disk.serial))
        assert carrier.capacity_bytes == usable_bytes(disk)
        assert carrier.free_bytes == usable_bytes(disk) - used
        for serial in disks:
            size_bytes = 40_000 + (used if serial == disk.serial else 0)
            inject(media.cabinet, Fault("disk-small", serial, value=size_bytes))
        order = msgspec.structs.replace(VOLUME.order(copy="again"), medium_kind=MediumKind.DISK)
        station.order(order, "again")
        await station.settled()
        error = station.job("again").error
        assert station.job("again").state is JobState.FAILED
        assert error is not None
        assert error.code == 3320
        left = media.cabinet.world.disk_folder(disk.serial)
        assert {entry.name for entry in left.iterdir()} == {"lost+found", "stele-medium.json", "v1"}
        assert len(station.events(CopyVerified)) == 1

    over_cabinet(tmp_path, story)


def test_a_disc_is_burned_and_its_label_printed_and_seen(tmp_path: Path) -> None:
    async def story(_media: Media, station: MediaStation) -> None:
        label = Label(title="Letters 1931", series="S2", qr="v1")
        order = msgspec.structs.replace(VOLUME.order(), label_print=label)
        station.order(order, "b")
        await station.settled()
        assert station.job("b").state is JobState.DONE, station.job("b").error
        (copy,) = station.events(CopyVerified)
        assert station.library.alarms.standing(f"label:{copy.medium_id}") == []
        (printed,) = station.events(LabelPrinted)
        assert (printed.medium_id, printed.qr) == (copy.medium_id, "v1")
        assert station.library.media.get(copy.medium_id).is_home

    over_cabinet(tmp_path, story)


async def lived_through(
    folder: Path, kind: MediumKind, cut_at: int | None, *, lost: bool
) -> tuple[Media, MediaStation]:
    """Archive and fetch, with one power cut of the firmware at a commit."""
    archive = Archive(VOLUME)
    delivery = archive.want("f", VOLUME, PATHS)
    media = Media(folder / "world")
    station = MediaStation(folder, media, archive)
    station.cut_at, station.cut_before = cut_at, lost
    for _ in range(2):
        await station.start()
        await archived(station, kind, "w")
        if not station.cut.is_set():
            await fetched(station, kind, "f")
        if not station.cut.is_set():
            break
        await station.kill()
    assert bytes(delivery.received) == WANTED
    return media, station


@pytest.mark.parametrize("kind", [MediumKind.DISK, MediumKind.TAPE])
@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_on_the_way(tmp_path: Path, kind: MediumKind, *, lost: bool) -> None:
    """At every ninth commit, for time's sake; over plain objects it is every one."""

    async def story(cut_at: int | None) -> int:
        folder = tmp_path / str(cut_at)
        folder.mkdir()
        media, station = await lived_through(folder, kind, cut_at, lost=lost)
        assert len(station.events(CopyVerified)) == 1
        states = {job.id: (job.state, job.error) for job in station.jobs()}
        assert {states["w"][0], states["f"][0]} == {JobState.DONE}, states
        commits = station.commits
        await station.kill()
        media.cabinet.stop()
        return commits

    for cut_at in range(5 - 3 * lost, run_virtual(story(None)) + 1, 9):
        try:
            run_virtual(story(cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
