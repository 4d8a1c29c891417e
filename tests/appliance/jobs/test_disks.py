"""Volumes on hard disks: written, verified, fetched, over bays of plain objects."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import bagit
import msgspec
import pytest

from appliance.contract.messages import (
    AlarmRaised,
    Burn,
    Cancel,
    ContentRef,
    CopyLost,
    CopyVerified,
    Fetch,
    LibraryTelemetry,
    MediumChanged,
    Verify,
)
from appliance.contract.states import BayState, JobState, MediumKind, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.bays import Bays, DiskStation, room_of
from tests.appliance.volume.oracles import run as run_program

ONE = Volume(1, files_of(1, 5, 150_000))
LARGE = Volume(3, files_of(3, 8, 1 << 20))
TWO = Volume(2, files_of(2, 3, 90_000))
Story = Callable[[DiskStation], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _disks_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", room_of)


def order(volume: Volume, **changes: Any) -> Burn:
    return msgspec.structs.replace(volume.order(**changes), medium_kind=MediumKind.DISK)


def over_bays(tmp_path: Path, story: Story, bays: Bays | None = None) -> None:
    async def whole() -> None:
        station = DiskStation(tmp_path / "state", used, Archive(ONE, TWO))
        await station.start()
        await station.known()
        await story(station)
        await station.kill()

    used = bays or Bays(tmp_path / "disks")
    (tmp_path / "state").mkdir()
    run_virtual(whole())


async def archived(station: DiskStation, volume: Volume = ONE, job_id: str = "w1") -> CopyVerified:
    assert station.tell(order(volume), job_id).accepted
    await station.settled()
    assert station.job(job_id).state is JobState.DONE, station.job(job_id).error
    return station.events(CopyVerified)[-1]


def root_of(station: DiskStation, medium_id: str) -> Path:
    serial = station.stores.carriers.get(medium_id).mark
    return station.bays.folder / serial


def test_a_volume_becomes_a_bag_folder_that_any_program_checks(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        bag = root_of(station, copy.medium_id) / "v1"
        assert bagit.Bag(str(bag)).validate(processes=1)
        run_program("sha256sum", "-c", "--quiet", "--strict", "tagmanifest-sha256.txt", cwd=bag)
        assert (copy.slot, copy.burn_drive, copy.verify_drive) == ("b01", "b01", "b01")
        assert copy.bytes_read == copy.image_size_bytes > len(ONE.payload)
        assert sorted(p.name for p in bag.parent.iterdir()) == ["stele-medium.json", "v1"]
        document = msgspec.json.decode((bag.parent / "stele-medium.json").read_bytes())
        assert (document["medium_id"], document["serial"]) == (copy.medium_id, "SN1")

    over_bays(tmp_path, story)


def test_the_bays_are_shown(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        picture = station.stores.shown(LibraryTelemetry(station.now(), [], [], []))
        used = next(view for view in picture.bays if view.medium_id == copy.medium_id)
        assert (used.bay, used.state, used.volumes) == ("b01", BayState.ON, 1)
        assert used.temperature_c == 31
        assert used.free_bytes is not None
        await asyncio.sleep(700)
        picture = station.stores.shown(picture)
        assert [view.state for view in picture.bays[-3:]] == ["off", "off", "empty"]

    over_bays(tmp_path, story)


def test_a_disk_takes_several_volumes(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        first = await archived(station)
        second = await archived(station, TWO, "w2")
        carrier = station.stores.carriers.get(first.medium_id)
        assert carrier.state is MediumState.WRITTEN
        held = {
            h.volume_id
            for c in station.stores.carriers.all(MediumKind.DISK)
            for h in station.stores.holdings.on(c.id)
        }
        assert held == {"v1", "v2"}
        assert second.volume_id == "v2"

    over_bays(tmp_path, story)


def test_two_copies_of_a_volume_go_to_two_disks(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        for copy in "ab":
            assert station.tell(order(ONE, copy=copy), copy).accepted
        await station.settled()
        copies = station.events(CopyVerified)
        assert len({copy.medium_id for copy in copies}) == 2
        station.tell(order(ONE, copy="c"), "c")
        await station.settled()
        error = station.job("c").error
        assert error is not None
        assert error.code == 3320

    over_bays(tmp_path, story)


def test_a_new_disk_gets_a_file_system(tmp_path: Path) -> None:
    bays = Bays(tmp_path / "disks", disks=0)
    bays.put("b02", bays.disk("NEW", formatted=False))

    async def story(station: DiskStation) -> None:
        await archived(station)
        assert bays.disks["b02"].formatted

    over_bays(tmp_path, story, bays)


def test_a_disk_with_anything_on_it_is_never_touched(tmp_path: Path) -> None:
    bays = Bays(tmp_path / "disks", disks=1)
    bays.put("b02", bays.disk("NTFS", formatted=False))
    for bay in ("b01", "b02"):
        (bays.disks[bay].root / "family photos").write_bytes(b"mine")

    async def story(station: DiskStation) -> None:
        station.tell(order(ONE), "w1")
        await station.settled()
        error = station.job("w1").error
        assert error is not None
        assert error.code == 3320
        states = [c.state for c in station.stores.carriers.all(MediumKind.DISK)]
        assert states == [MediumState.FOREIGN, MediumState.FOREIGN]
        for disk in bays.disks.values():
            assert [p.name for p in disk.root.iterdir()] == ["family photos"]

    over_bays(tmp_path, story, bays)


@pytest.mark.parametrize("fault", ["passed", "pending"])
def test_a_bad_disk_is_not_used_and_told(tmp_path: Path, fault: str) -> None:
    bays = Bays(tmp_path / "disks")
    setattr(bays.disks["b01"], fault, 0 if fault == "passed" else 8)

    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        assert copy.slot == "b02"
        assert [alarm.error.code for alarm in station.events(AlarmRaised)] == [3322]
        assert not (bays.disks["b01"].root / "stele-medium.json").exists()

    over_bays(tmp_path, story, bays)


def test_a_disk_that_goes_bad_before_it_is_written_is_left_for_another(tmp_path: Path) -> None:
    bays = Bays(tmp_path / "disks")

    async def story(station: DiskStation) -> None:
        bays.disks["b01"].pending = 3
        copy = await archived(station)
        assert copy.slot == "b02"
        assert station.job("w1").facts.spent_media == 0

    over_bays(tmp_path, story, bays)


def test_files_come_back_from_a_disk(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        archive = station._content
        assert isinstance(archive, Archive)
        paths = [file.path for file in reversed(ONE.plan.files)]
        delivery = archive.want("f1", ONE, paths)
        archive.break_after = [200_000]
        fetch = Fetch("f1", "v1", "v1-a", copy.medium_id, ContentRef("mem://fetches/f1", "good"))
        assert station.tell(fetch, "f").accepted
        await station.settled()
        assert station.job("f").state is JobState.DONE, station.job("f").error
        assert bytes(delivery.received) == b"".join(ONE.files[path] for path in paths)

    over_bays(tmp_path, story)


def test_a_verification_reads_every_byte(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        assert station.tell(Verify("v1-a", "v1", copy.medium_id), "check").accepted
        await station.settled()
        assert station.job("check").state is JobState.DONE
        assert station.events(CopyVerified)[1].bytes_read == copy.bytes_read

    over_bays(tmp_path, story)


@pytest.mark.parametrize("harm", ["flip", "remove", "strange", "tag", "cut"])
def test_a_verification_finds_what_is_wrong(tmp_path: Path, harm: str) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        await archived(station, TWO, "w2")
        bag = root_of(station, copy.medium_id) / "v1"
        spoil(bag, harm)
        station.tell(Verify("v1-a", "v1", copy.medium_id), "check")
        await station.settled()
        error = station.job("check").error
        assert error is not None
        assert error.code in (3326, 3327)
        assert [lost.volume_id for lost in station.events(CopyLost)] == ["v1"]
        assert station.stores.carriers.get(copy.medium_id).state is MediumState.CONDEMNED
        assert not station.tell(Verify("v1-a", "v1", copy.medium_id), "again").accepted

    over_bays(tmp_path, story)


def spoil(bag: Path, harm: str) -> None:
    victim = bag / "data/case 1/0001.bin"
    content = victim.read_bytes()
    match harm:
        case "flip":
            victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "remove":
            victim.unlink()
        case "strange":
            (bag / "data/case 1/extra").write_bytes(b"?")
        case "cut":
            victim.write_bytes(content[:-1])
        case _:
            (bag / "bagit.txt").write_bytes(b"BagIt-Version: 9.0\n")


def test_a_cancelled_writing_leaves_nothing(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        archive = station._content
        assert isinstance(archive, Archive)
        archive.volumes["v3"] = LARGE
        archive.break_after = [6 << 20]
        station.tell(order(LARGE), "w1")
        disk = station.bays.folder / "SN1"
        await station.until(lambda: any(disk.glob(".stele-v3.part/data/case 3/*")))
        station.tell(Cancel("w1"))
        await station.settled()
        assert station.job("w1").state is JobState.CANCELLED
        assert [p.name for p in disk.iterdir()] == ["stele-medium.json"]
        await archived(station, LARGE, "w2")

    over_bays(tmp_path, story)


def test_content_that_is_damaged_spoils_no_disk(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        archive = station._content
        assert isinstance(archive, Archive)
        good, archive.volumes["v1"].payload = ONE.payload, b"x" * len(ONE.payload)
        station.tell(order(ONE), "w1")
        await station.settled()
        ONE.payload = good
        error = station.job("w1").error
        assert error is not None
        assert error.code == 3301
        states = {c.state for c in station.stores.carriers.all(MediumKind.DISK)}
        assert MediumState.CONDEMNED not in states
        await archived(station, ONE, "w2")

    over_bays(tmp_path, story)


def test_a_disk_that_was_put_into_another_bay_is_recognised(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        disk = station.bays.pull("b01")
        await asyncio.sleep(15)
        assert [lost.copy_id for lost in station.events(CopyLost)] == ["v1-a"]
        assert station.stores.carriers.get(copy.medium_id).place == "outside"
        station.bays.put("b03", disk)
        await asyncio.sleep(60)
        assert station.stores.carriers.get(copy.medium_id).place == "bay:b03"
        assert station.library.alarms.standing(f"medium:{copy.medium_id}") == []
        station.tell(Verify("v1-a", "v1", copy.medium_id), "check")
        await station.settled()
        assert station.events(CopyVerified)[-1].slot == "b03"

    over_bays(tmp_path, story)


def test_disks_that_changed_places_between_two_looks_are_recognised(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        first, second = station.bays.pull("b01"), station.bays.pull("b02")
        station.bays.put("b01", second)
        station.bays.put("b02", first)
        station.tell(Verify("v1-a", "v1", copy.medium_id), "check")
        await station.settled()
        assert station.events(MediumChanged)
        error = station.job("check").error
        assert error is None or error.code == 3330
        await asyncio.sleep(60)
        places = {c.mark: c.place for c in station.stores.carriers.all(MediumKind.DISK)}
        assert places["SN2"] == "bay:b01"

    over_bays(tmp_path, story)


def test_an_appliance_that_lost_its_memory_knows_its_disks(tmp_path: Path) -> None:
    bays = Bays(tmp_path / "disks", disks=1)
    ids = []

    async def story(station: DiskStation) -> None:
        ids.append((await archived(station)).medium_id)

    over_bays(tmp_path, story, bays)
    (tmp_path / "state").rename(tmp_path / "lost")

    async def anew(station: DiskStation) -> None:
        (carrier,) = station.stores.carriers.all(MediumKind.DISK)
        assert carrier.id == ids[0]
        assert carrier.state is MediumState.WRITTEN
        copy = await archived(station, TWO, "w2")
        assert copy.medium_id == ids[0]

    over_bays(tmp_path, anew, bays)


def test_a_full_disk_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", partial(room_of, full=frozenset({"SN1"})))

    async def story(station: DiskStation) -> None:
        copy = await archived(station)
        assert copy.slot == "b02"

    over_bays(tmp_path, story)


def test_disks_start_one_after_the_other(tmp_path: Path) -> None:
    async def story(station: DiskStation) -> None:
        assert station.bays.starts == ["SN1", "SN2"]

    over_bays(tmp_path, story)


def test_a_disk_that_did_not_answer_is_asked_again(tmp_path: Path) -> None:
    bays = Bays(tmp_path / "disks", disks=1)
    bays.disks["b01"].silent = True

    async def story(station: DiskStation) -> None:
        assert station.stores.carriers.all(MediumKind.DISK) == []
        assert [alarm.error.code for alarm in station.events(AlarmRaised)] == [3243]
        bays.disks["b01"].silent = False
        await asyncio.sleep(700)
        assert station.library.alarms.standing("bay:b01") == []
        await archived(station)

    over_bays(tmp_path, story, bays)
