"""An inventory by camera over plain objects: what each kind of label leads to, and power cuts."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Burn,
    Cancel,
    CopyLost,
    InventoryBy,
    LabelsCompared,
    PrintLabel,
    TakeInventory,
)
from appliance.contract.messages.values import Label
from appliance.contract.states import JobState, MediumState
from appliance.services.media import Medium
from appliance.services.printing import LabelState
from hal.errors import HalError
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import GRIPPER, Cabinet, PaperDisc
from tests.appliance.jobs.station import Station, over
from tests.appliance.jobs.test_printing import Press, PressStation, order

VOLUMES = [Volume(n, files_of(n, 1, 20_000)) for n in (1, 2, 3)]
BY_CAMERA = TakeInventory(by=InventoryBy.CAMERA)
Story = Callable[[PressStation], Awaitable[None]]


def labelled(tmp_path: Path, story: Story, *, printed: int = 3) -> None:
    """Three discs with volumes, so many of them with labels, and two blank ones."""

    async def whole() -> None:
        station = PressStation(tmp_path, Press(Cabinet(slots=7, discs=5)), Archive(*VOLUMES))
        await station.start()
        await station.surveyed()
        for number, volume in enumerate(VOLUMES):
            body = order(volume) if number < printed else volume.order()
            station.tell(with_code(body, volume.id))
        await station.settled()
        await story(station)
        hold(station)
        await station.kill()

    run_virtual(whole())


def with_code(body: Burn, code: str) -> Burn:
    label = Label(title=code) if body.label_print else None
    return msgspec.structs.replace(body, label_print=label)


def hold(station: PressStation) -> None:
    """I2, I8: as many discs in slots as are known to be, each in one; tray and gripper are free."""
    cabinet = station.press.cabinet
    assert GRIPPER not in cabinet.places
    assert "p1" not in cabinet.places
    known = {medium.place for medium in station.media() if not medium.is_gone}
    assert known == {f"slot:{place}" for place in cabinet.places}


def of(station: Station, volume: Volume) -> Medium:
    return next(medium for medium in station.media() if medium.volume_id == volume.id)


def swap(station: PressStation, one: str, other: str) -> None:
    places = station.press.cabinet.places
    places[one], places[other] = places[other], places[one]


async def inventory(station: PressStation, *slots: str) -> LabelsCompared:
    reply = station.tell(TakeInventory(list(slots), InventoryBy.CAMERA))
    assert reply.accepted, reply.error
    await station.settled()
    assert station.job(reply.job_id or "").state is JobState.DONE
    return station.events(LabelsCompared)[-1]


def slot_of(station: Station, volume: Volume) -> str:
    return of(station, volume).home_slot or ""


def test_labels_that_are_right_change_nothing_and_bare_discs_are_counted(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        before = station.media()
        told = await inventory(station)
        assert (told.discs, told.right, told.without_label) == (5, 3, 2)
        assert station.media() == before
        assert station.library.alarms.telemetry().alarms == []

    labelled(tmp_path, story)


def test_exchanged_discs_get_each_others_slots_in_a_ring(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        before = {v.id: of(station, v) for v in VOLUMES}
        slots = [slot_of(station, v) for v in VOLUMES]
        swap(station, slots[0], slots[1])
        swap(station, slots[1], slots[2])
        told = await inventory(station)
        assert (told.moved, told.right, told.other) == (3, 0, 0)
        names = station.press.cabinet.places
        for volume in VOLUMES:
            now = of(station, volume)
            assert now.id == before[volume.id].id
            assert station.press.codes[names[now.home_slot or ""].name] == volume.id
            assert now.state is MediumState.VERIFIED
        assert station.events(CopyLost) == []
        assert station.library.alarms.telemetry().alarms == []

    labelled(tmp_path, story)


def test_a_disc_exchanged_with_one_without_label_is_found_and_the_other_is_in_doubt(
    tmp_path: Path,
) -> None:
    async def story(station: PressStation) -> None:
        first, third = slot_of(station, VOLUMES[0]), slot_of(station, VOLUMES[2])
        swap(station, first, third)
        await inventory(station)
        assert slot_of(station, VOLUMES[0]) == third
        assert slot_of(station, VOLUMES[2]) == first
        assert station.library.alarms.stands(f"slot:{first}", 2225)
        assert station.events(CopyLost) == []
        station.tell(TakeInventory(by=InventoryBy.IDENTITY))  # as the alarm's action says
        await station.settled()
        assert station.library.alarms.telemetry().alarms == []

    labelled(tmp_path, story, printed=2)


def test_a_strange_label_ends_the_copies_of_the_disc_that_was_there(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        lost, slot = of(station, VOLUMES[0]), slot_of(station, VOLUMES[0])
        station.press.cabinet.places[slot] = PaperDisc("stranger")
        station.press.ink["stranger"] = ["x"]
        station.press.codes["stranger"] = "volume-of-another-house"
        told = await inventory(station)
        assert (told.right, told.unknown) == (2, 1)
        assert [event.medium_id for event in station.events(CopyLost)] == [lost.id]
        assert station.library.alarms.stands(f"slot:{slot}", 2233)
        new = station.library.media.with_home(slot)
        assert new is not None
        assert (new.id != lost.id, new.state) == (True, MediumState.UNSEEN)

    labelled(tmp_path, story)


@pytest.mark.parametrize("spoiled", [False, True])
def test_two_discs_with_one_code_end_the_copies_of_the_one_that_had_another(
    tmp_path: Path, *, spoiled: bool
) -> None:
    """Unless its own print is known to have gone wrong: then that is what is seen."""

    async def story(station: PressStation) -> None:
        medium = of(station, VOLUMES[0])
        slot = medium.home_slot or ""
        station.press.codes[station.press.cabinet.places[slot].name] = VOLUMES[1].id
        if spoiled:
            station.printing.settle(medium.id, LabelState.BAD)
        told = await inventory(station)
        assert (told.right, told.other, told.unreadable) == (2, not spoiled, spoiled)
        assert station.library.alarms.stands(f"slot:{slot}", 2225) is not spoiled
        lost = [event.medium_id for event in station.events(CopyLost)]
        assert lost == ([] if spoiled else [medium.id])
        assert of(station, VOLUMES[0]).home_slot == slot

    labelled(tmp_path, story)


def test_a_lost_disc_that_somebody_put_into_another_slot_is_known_again(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        first, slot = of(station, VOLUMES[0]), slot_of(station, VOLUMES[0])
        places = station.press.cabinet.places
        disc = places.pop(slot)
        station.tell(TakeInventory())
        await station.settled()
        assert station.library.alarms.stands(f"medium:{first.id}", 2202)
        places["s7"] = disc
        told = await inventory(station)
        assert told.moved == 1
        now = of(station, VOLUMES[0])
        assert (now.id, now.home_slot, now.state) == (first.id, "s7", MediumState.WRITTEN)
        assert station.library.alarms.telemetry().alarms == []

    labelled(tmp_path, story)


def test_a_bare_disc_where_a_label_was_is_told_and_ends_no_copy(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        slot = slot_of(station, VOLUMES[0])
        station.press.ink[station.press.cabinet.places[slot].name].clear()
        told = await inventory(station)
        assert (told.other, told.without_label) == (1, 2)
        assert station.library.alarms.stands(f"slot:{slot}", 2225)
        assert station.events(CopyLost) == []

    labelled(tmp_path, story)


def test_a_code_that_cannot_be_read_any_more_may_be_printed_again(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        medium = of(station, VOLUMES[0])
        slot = medium.home_slot or ""
        station.press.blemish = SteleError(3273, "the label is smeared")
        told = await inventory(station, slot)
        assert told.unreadable == 1
        assert station.library.alarms.stands(f"label:{medium.id}", 3273)
        assert station.printing.state(medium.id) is LabelState.BAD
        assert station.events(CopyLost) == []
        station.press.blemish = None
        assert station.tell(PrintLabel(medium.id, Label(title="again"))).accepted
        await station.settled()
        assert station.library.alarms.telemetry().alarms == []

    labelled(tmp_path, story)


@pytest.mark.parametrize("code", [3275, 3276, 3278])
def test_a_camera_that_sees_nothing_is_waited_for(tmp_path: Path, code: int) -> None:
    async def story(station: PressStation) -> None:
        station.press.blemish = SteleError(code, "the camera sees nothing")
        job = station.tell(BY_CAMERA).job_id or ""
        await asyncio.sleep(600)
        assert not station.job(job).state.is_final
        assert station.library.alarms.stands(f"job:{job}", code)
        hold(station)
        station.press.blemish = None
        await station.settled()
        assert station.job(job).state is JobState.DONE
        assert station.library.alarms.telemetry().alarms == []
        (told,) = station.events(LabelsCompared)
        assert (told.discs, told.right) == (5, 3)

    labelled(tmp_path, story)


def test_an_inventory_is_cancelled_between_two_discs(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        job = station.tell(BY_CAMERA).job_id or ""
        await station.until(lambda: "p1" in station.press.cabinet.places)
        station.tell(Cancel(job))
        await station.settled()
        assert station.job(job).state is JobState.CANCELLED
        assert station.events(LabelsCompared) == []

    labelled(tmp_path, story)


def test_a_cancelled_one_leaves_no_disc_in_the_tray_once_the_robot_works_again(
    tmp_path: Path,
) -> None:
    async def story(station: PressStation) -> None:
        job, cabinet = station.tell(BY_CAMERA).job_id or "", station.press.cabinet
        await station.until(lambda: "p1" in cabinet.places)
        cabinet.robot_fault = HalError(1002, "the robot does not answer")
        await station.until(
            lambda: station.job(job).step == "survey" and ("survey", "ask") in station.acts(job)
        )
        station.tell(Cancel(job))
        await asyncio.sleep(300)
        assert "p1" in cabinet.places
        assert not station.job(job).state.is_final
        cabinet.robot_fault = None
        await station.settled()
        assert station.job(job).state is JobState.CANCELLED

    labelled(tmp_path, story)


def test_its_progress_is_of_slots_and_its_end_comes_about_when_it_says(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        loop = asyncio.get_running_loop()
        job = station.tell(BY_CAMERA).job_id or ""
        seen = []
        while not station.job(job).state.is_final:
            seen.append((loop.time(), station.view(job)))
            await asyncio.sleep(5.0)
        ended_s = loop.time()
        fractions = [view.fraction or 0.0 for _, view in seen]
        assert fractions == sorted(fractions)
        assert len(set(fractions)) >= 7
        assert {(view.bytes_done, view.bytes_total) for _, view in seen} == {(0, None)}
        late = [
            (at, v.seconds_left) for at, v in seen if v.seconds_left and (v.fraction or 0) > 0.5
        ]
        assert late
        for at_s, left_s in late:
            assert left_s == pytest.approx(ended_s - at_s, rel=0.5, abs=15.0)

    labelled(tmp_path, story)


def test_it_does_not_begin_while_labels_are_to_be_printed(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        blank = next(medium for medium in station.media() if medium.volume_id is None)
        station.tell(PrintLabel(blank.id, Label(title="x")))
        reply = station.tell(BY_CAMERA)
        assert reply.error is not None
        assert reply.error.code == 2234
        await station.settled()
        assert (await inventory(station)).right == 4

    labelled(tmp_path, story)


def test_a_print_that_is_ordered_meanwhile_has_its_turn_between_two_discs(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        job = station.tell(BY_CAMERA).job_id or ""
        await station.until(lambda: "p1" in station.press.cabinet.places)
        blank = [medium for medium in station.media() if medium.volume_id is None][-1]
        label = station.tell(PrintLabel(blank.id, Label(title="x"))).job_id or ""
        await station.until(lambda: station.job(label).state.is_final)
        assert station.job(label).state is JobState.DONE
        assert not station.job(job).state.is_final
        await station.settled()

    labelled(tmp_path, story)


def test_without_printer_or_camera_it_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def whole() -> None:
        station = over(tmp_path, Cabinet(), Archive(*VOLUMES))
        await station.start()
        await station.surveyed()
        reply = station.tell(BY_CAMERA)
        assert reply.error is not None
        assert reply.error.code == 2231
        assert "no disc printer" in reply.error.message
        await station.kill()

    run_virtual(whole())


async def lived_through(folder: Path, cut_at: int | None, *, lost: bool) -> PressStation:
    """Two exchanged discs, found by an inventory during which the power goes once."""
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs here
    station = PressStation(folder, Press(Cabinet(slots=3, discs=2)), Archive(*VOLUMES))
    await station.start()
    await station.surveyed()
    for volume in VOLUMES[:2]:
        station.tell(with_code(order(volume), volume.id))
    await station.settled()
    slots = [slot_of(station, volume) for volume in VOLUMES[:2]]
    swap(station, *slots)
    station.commits, station.cut_before = 0, lost
    station.cut_at = cut_at
    station.order(BY_CAMERA, "i")
    await station.settled()
    if station.cut.is_set():
        await station.kill()
        await station.start()
        station.order(BY_CAMERA, "i")
        await station.settled()
    assert [slot_of(station, volume) for volume in VOLUMES[:2]] == slots[::-1]
    return station


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_every_disc_is_in_a_known_place_wherever_the_power_goes(
    tmp_path: Path, *, lost: bool
) -> None:
    async def story(cut_at: int | None) -> int:
        station = await lived_through(tmp_path / str(cut_at), cut_at, lost=lost)
        assert station.job("i").state is JobState.DONE
        assert len(station.events(LabelsCompared)) == 1
        assert station.events(CopyLost) == []
        hold(station)
        commits = station.commits
        await station.kill()
        return commits

    commits = run_virtual(story(None))
    assert commits > 10
    for cut_at in range(1, commits + 1):
        try:
            run_virtual(story(cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise


def test_what_was_seen_before_a_stop_is_not_looked_at_again(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        job = station.tell(BY_CAMERA).job_id or ""
        rows = "SELECT count(*) FROM sightings"
        await station.until(lambda: station.db.conn.execute(rows).fetchone()[0] == 3)
        await station.kill()
        shown = []
        await station.start()
        eye = station.rig.eye
        read = eye.read

        async def watched(frame: Path, label: Path, code: str) -> str:
            shown.append(label.stem)
            return await read(frame, label, code)

        eye.read = watched  # type: ignore[method-assign]
        await station.settled()
        assert station.job(job).state is JobState.DONE
        assert len([name for name in shown if name != "nothing"]) == 2

    labelled(tmp_path, story)
