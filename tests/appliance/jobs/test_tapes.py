"""Volumes on tapes: written, verified, fetched, over a tape unit of plain objects."""

import asyncio
import io
import tarfile
from collections.abc import Callable, Coroutine
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
    FilesDelivered,
    LibraryTelemetry,
    Verify,
)
from appliance.contract.states import DriveState, JobState, MediumKind, MediumState
from appliance.services.holdings import HoldingState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.tape_unit import PaperTape, TapeStation, TapeUnit

ONE = Volume(1, files_of(1, 5, 150_000))
TWO = Volume(2, files_of(2, 3, 90_000))
LARGE = Volume(3, files_of(3, 8, 1 << 20))
Story = Callable[[TapeStation], Coroutine[Any, Any, None]]


def order(volume: Volume, **changes: Any) -> Burn:
    return msgspec.structs.replace(volume.order(**changes), medium_kind=MediumKind.TAPE)


def over_tapes(tmp_path: Path, story: Story, unit: TapeUnit | None = None) -> None:
    async def whole() -> None:
        station = TapeStation(tmp_path / "state", unit or TapeUnit(), Archive(ONE, TWO, LARGE))
        await station.start()
        await station.known()
        await story(station)
        await station.kill()

    (tmp_path / "state").mkdir()
    run_virtual(whole())


async def archived(station: TapeStation, volume: Volume = ONE, job_id: str = "w1") -> CopyVerified:
    assert station.tell(order(volume), job_id).accepted
    await station.settled()
    assert station.job(job_id).state is JobState.DONE, station.job(job_id).error
    return station.events(CopyVerified)[-1]


def test_a_volume_becomes_a_tape_file_that_tar_unpacks(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        copy = await archived(station)
        assert (copy.slot, copy.burn_drive, copy.verify_drive) == ("t01", "td1", "td1")
        assert copy.bytes_read == copy.image_size_bytes > len(ONE.payload)
        (content,) = station.unit.tape(1).files
        with tarfile.open(fileobj=io.BytesIO(content)) as packed:
            packed.extractall(tmp_path / "out", filter="data")
        assert bagit.Bag(str(tmp_path / "out/v1")).validate(processes=1)
        assert station.unit.slots["t01"] is station.unit.tape(1)

    over_tapes(tmp_path, story)


def test_a_tape_takes_several_volumes_and_is_filled_first(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        for number, volume in enumerate((ONE, TWO, LARGE)):
            copy = await archived(station, volume, f"w{number}")
            assert copy.slot == "t01"
        assert len(station.unit.tape(1).files) == 3
        tape = station.stores.carriers.get(copy.medium_id)
        assert tape.state is MediumState.WRITTEN
        assert [h.tape_file for h in station.stores.holdings.on(tape.id)] == [0, 1, 2]
        sizes = sum(h.size_bytes for h in station.stores.holdings.on(tape.id))
        assert tape.free_bytes == 6_000_000_000_000 - sizes

    over_tapes(tmp_path, story)


def test_slots_and_drives_are_shown(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        station.tell(order(LARGE), "w1")
        await station.until(lambda: station.job("w1").step == "verify")
        picture = station.stores.shown(LibraryTelemetry(station.now(), [], [], []))
        busy, idle = picture.drives
        assert (busy.state, busy.job_id, busy.home_slot) == (DriveState.VERIFYING, "w1", "t01")
        assert idle.state is DriveState.EMPTY
        assert [view.state for view in picture.slots] == ["empty", "full", "empty", "empty"]
        assert picture.slots[1].label == "VOL002L7"
        assert picture.slots[1].kind is MediumKind.TAPE
        await station.settled()

    over_tapes(tmp_path, story)


def test_files_come_back_from_a_tape_in_any_order(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        await archived(station, TWO, "w0")
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

    over_tapes(tmp_path, story)


def test_a_tape_with_anything_on_it_is_never_written(tmp_path: Path) -> None:
    unit = TapeUnit()
    unit.tape(1).files.append(b"somebody's backup" * 1000)

    async def story(station: TapeStation) -> None:
        copy = await archived(station)
        assert copy.slot == "t02"
        assert len(unit.tape(1).files) == 1
        states = {c.mark: c.state for c in station.stores.carriers.all(MediumKind.TAPE)}
        assert states == {"VOL001L7": MediumState.FOREIGN, "VOL002L7": MediumState.WRITTEN}

    over_tapes(tmp_path, story, unit)


def test_a_write_protected_or_full_tape_is_passed_over(tmp_path: Path) -> None:
    unit = TapeUnit(tapes=3)
    unit.tape(1).write_protected = True
    unit.tape(2).room_bytes = 1_000_000

    async def story(station: TapeStation) -> None:
        copy = await archived(station, LARGE)
        assert copy.slot == "t03"
        spoiled = [
            h
            for c in station.stores.carriers.all(MediumKind.TAPE)
            for h in station.stores.holdings.on(c.id)
            if h.state is HoldingState.SPOILED
        ]
        assert len(spoiled) == 1
        assert station.stores.carriers.get(spoiled[0].medium_id).free_bytes == 0

    over_tapes(tmp_path, story, unit)


def test_a_write_error_is_tried_in_the_other_drive(tmp_path: Path) -> None:
    unit = TapeUnit()
    unit.failing_writes["td1"] = 1

    async def story(station: TapeStation) -> None:
        copy = await archived(station, LARGE)
        assert (copy.slot, copy.burn_drive) == ("t01", "td2")
        held = station.stores.holdings.on(copy.medium_id)
        assert [(h.state, h.tape_file) for h in held] == [
            (HoldingState.SPOILED, None),
            (HoldingState.VERIFIED, 1),
        ]

    over_tapes(tmp_path, story, unit)


def test_a_tape_that_no_drive_can_write_is_given_up(tmp_path: Path) -> None:
    unit = TapeUnit()
    unit.failing_writes = {"td1": 1, "td2": 1}

    async def story(station: TapeStation) -> None:
        copy = await archived(station, LARGE)
        assert copy.slot == "t02"
        states = {c.mark: c.state for c in station.stores.carriers.all(MediumKind.TAPE)}
        assert states["VOL001L7"] is MediumState.CONDEMNED
        assert [alarm.error.code for alarm in station.events(AlarmRaised)] == [3322]

    over_tapes(tmp_path, story, unit)


def test_a_reading_that_fails_is_tried_in_the_other_drive(tmp_path: Path) -> None:
    unit = TapeUnit()

    async def story(station: TapeStation) -> None:
        copy = await archived(station)
        unit.dirty.add("td1")
        station.tell(Verify("v1-a", "v1", copy.medium_id), "check")
        await station.settled()
        assert station.job("check").state is JobState.DONE
        assert station.events(CopyVerified)[-1].verify_drive == "td2"

    over_tapes(tmp_path, story, unit)


def test_a_flipped_bit_costs_that_copy_alone(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        copy = await archived(station)
        await archived(station, TWO, "w2")
        files = station.unit.tape(1).files
        at = files[0].index(ONE.files["case 1/0003.bin"])
        files[0] = files[0][:at] + bytes([files[0][at] ^ 1]) + files[0][at + 1 :]
        station.tell(Verify("v1-a", "v1", copy.medium_id), "check")
        await station.settled()
        error = station.job("check").error
        assert error is not None
        assert error.code == 3326
        assert [lost.volume_id for lost in station.events(CopyLost)] == ["v1"]
        assert station.tell(Verify("v2-a", "v2", copy.medium_id), "other").accepted
        await station.settled()
        assert station.job("other").state is JobState.DONE

    over_tapes(tmp_path, story)


def test_a_fumbling_changer_is_tried_again(tmp_path: Path) -> None:
    unit = TapeUnit()
    unit.fumbles = 2

    async def story(station: TapeStation) -> None:
        assert (await archived(station)).slot == "t01"

    over_tapes(tmp_path, story, unit)


def test_a_cancelled_writing_leaves_a_spoiled_file_and_a_usable_tape(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        archive = station._content
        assert isinstance(archive, Archive)
        archive.break_after = [6 << 20]
        station.tell(order(LARGE), "w1")
        await station.until(lambda: bool(station.unit.tape(1).files))
        await asyncio.sleep(0.5)
        station.tell(Cancel("w1"))
        await station.settled()
        assert station.job("w1").state is JobState.CANCELLED
        assert station.unit.slots["t01"] is not None
        copy = await archived(station, LARGE, "w2")
        assert copy.slot == "t01"
        assert len(station.unit.tape(1).files) == 2

    over_tapes(tmp_path, story)


def test_a_tape_that_lost_files_elsewhere_is_noticed(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        first = await archived(station)
        station.unit.tape(1).files.clear()
        copy = await archived(station, TWO, "w2")
        assert copy.slot == "t02"
        assert station.stores.carriers.get(first.medium_id).state is MediumState.CONDEMNED

    over_tapes(tmp_path, story)


def test_tapes_without_a_barcode_of_their_own_are_not_used(tmp_path: Path) -> None:
    unit = TapeUnit(tapes=0)
    unit.slots |= {"t01": PaperTape(""), "t02": PaperTape("X"), "t03": PaperTape("X")}
    unit.slots["t04"] = PaperTape("CLNU01L1")

    async def story(station: TapeStation) -> None:
        assert station.stores.carriers.all(MediumKind.TAPE) == []
        alarms = {(alarm.where, alarm.error.code) for alarm in station.events(AlarmRaised)}
        assert alarms == {("tapes:t01", 3329), ("tapes:t02", 3329), ("tapes:t03", 3329)}

    over_tapes(tmp_path, story, unit)


def test_a_tape_taken_out_and_put_elsewhere_is_recognised(tmp_path: Path) -> None:
    async def story(station: TapeStation) -> None:
        copy = await archived(station)
        tape, station.unit.slots["t01"] = station.unit.slots["t01"], None
        await asyncio.sleep(120)
        assert [lost.copy_id for lost in station.events(CopyLost)] == ["v1-a"]
        assert not station.tell(Verify("v1-a", "v1", copy.medium_id), "no").accepted
        station.unit.slots["t04"] = tape
        await asyncio.sleep(120)
        station.tell(Verify("v1-a", "v1", copy.medium_id), "check")
        await station.settled()
        assert station.events(CopyVerified)[-1].slot == "t04"
        assert station.library.alarms.standing(f"medium:{copy.medium_id}") == []

    over_tapes(tmp_path, story)


async def lived_through(
    unit: TapeUnit, folder: Path, cut_at: int | None, *, lost: bool
) -> TapeStation:
    archive = Archive(ONE)
    paths = [file.path for file in ONE.plan.files]
    delivery = archive.want("f1", ONE, paths)
    station = TapeStation(folder, unit, archive)
    station.cut_at, station.cut_before = cut_at, lost
    for _ in range(2):
        await station.start()
        station.order(order(ONE), "w1")
        await station.settled()
        if not station.cut.is_set():
            medium_id = station.events(CopyVerified)[0].medium_id
            content = ContentRef("mem://fetches/f1", "good")
            station.order(Fetch("f1", "v1", "v1-a", medium_id, content), "f1")
            await station.settled()
        if not station.cut.is_set():
            break
        await station.kill()
    assert bytes(delivery.received) == b"".join(ONE.files[path] for path in paths)
    return station


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_at_any_commit(tmp_path: Path, *, lost: bool) -> None:
    async def story(cut_at: int | None) -> int:
        unit = TapeUnit()
        folder = tmp_path / str(cut_at)
        folder.mkdir()
        station = await lived_through(unit, folder, cut_at, lost=lost)
        states = {job.id: (job.state, job.error) for job in station.jobs()}
        assert {state for state, _ in states.values()} == {JobState.DONE}, states
        (copy,) = station.events(CopyVerified)
        assert len(station.events(FilesDelivered)) == 1
        assert all(tape is None for tape in unit.drives.values())
        held = station.stores.holdings.find(copy.medium_id, "v1")
        assert held is not None
        assert held.state is HoldingState.VERIFIED
        assert held.tape_file == len(unit.tape(1).files) - 1 <= 1
        commits = station.commits
        await station.kill()
        return commits

    for cut_at in range(1, run_virtual(story(None)) + 1):
        try:
            run_virtual(story(cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
