"""What a start finds in a cabinet that is not as the catalogue has it, or that nobody knows."""

from pathlib import Path

from appliance.contract.messages import AlarmRaised, CopyLost, CopyVerified, TakeInventory
from appliance.contract.states import DriveState, JobState, MediumState
from hal.interfaces.optical_drive import DiscStatus
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive
from tests.appliance.jobs.cabinet import GRIPPER, Cabinet, PaperDisc
from tests.appliance.jobs.station import Station, over
from tests.appliance.jobs.test_burn import VOLUME


async def started(folder: Path, cabinet: Cabinet) -> Station:
    station = over(folder, cabinet, Archive(VOLUME))
    await station.start()
    await station.surveyed()
    return station


def test_discs_found_in_drives_and_gripper_at_the_first_start_get_slots(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=5, drives=3, discs=1)
    cabinet.put(PaperDisc("in-drive", state=DiscStatus.CLOSED), "d1")
    cabinet.put(PaperDisc("on-tray"), "d2")
    cabinet.open_trays.add("d2")
    cabinet.put(PaperDisc("held"), GRIPPER)

    async def story() -> None:
        station = await started(tmp_path, cabinet)
        assert set(cabinet.places) == {"s1", "s2", "s3", "s4"}
        assert all(medium.is_home for medium in station.media())
        found = {cabinet.places[m.home_slot or ""].name: m.state for m in station.media()}
        assert found["in-drive"] is MediumState.FOREIGN
        assert found["on-tray"] is MediumState.BLANK
        assert all(seat.state is DriveState.EMPTY for seat in station.library.drives)

    run_virtual(story())


def test_a_medium_that_went_home_behind_our_back_is_found_there(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=3, discs=2)

    async def story() -> None:
        station = await started(tmp_path, cabinet)
        medium = station.library.media.with_home("s1")
        assert medium is not None
        with station.db.atomic():
            station.library.media.relocate(medium.id, "drive:d1")
        await station.kill()
        await station.start()
        await station.until(lambda: station.library.media.get(medium.id).is_home)

    run_virtual(story())


def test_a_medium_that_is_nowhere_is_lost_with_its_copy_and_an_alarm(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=3, discs=2)

    async def story() -> None:
        station = await started(tmp_path, cabinet)
        station.tell(VOLUME.order())
        await station.settled()
        (copy,) = station.events(CopyVerified)
        disc = cabinet.places.pop(copy.slot)
        station.tell(TakeInventory())
        await station.settled()
        assert station.library.media.get(copy.medium_id).place == "outside"
        assert [e.copy_id for e in station.events(CopyLost)] == [copy.copy_id]
        assert [e.error.code for e in station.events(AlarmRaised)] == [2202]
        cabinet.put(disc, copy.slot)
        station.tell(TakeInventory([copy.slot]))
        await station.settled()
        back = station.library.media.get(copy.medium_id)
        assert back.is_home
        assert back.state is MediumState.WRITTEN
        assert station.library.alarms.standing(f"medium:{back.id}") == []

    run_virtual(story())


def test_a_drive_that_does_not_answer_is_out_of_service_and_the_rest_works(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=3, discs=2)
    cabinet.stuck_trays = {"d1"}

    async def story() -> None:
        station = await started(tmp_path, cabinet)
        station.tell(VOLUME.order(), "b")
        await station.settled()
        assert station.job("b").state is JobState.DONE
        drives = {view.drive: view for view in station.library.telemetry().drives}
        assert drives["d1"].state is DriveState.UNAVAILABLE
        assert drives["d1"].error is not None
        assert drives["d2"].error is None

    run_virtual(story())


def test_a_burner_left_behind_is_waited_for(tmp_path: Path) -> None:
    cabinet = Cabinet(slots=3, discs=2)
    cabinet.busy = {"d1"}

    async def story() -> None:
        station = over(tmp_path, cabinet, Archive(VOLUME))
        await station.start()
        station.tell(VOLUME.order(), "b")
        await station.until(lambda: station.now().second > 30)
        assert station.job("b").state is JobState.WAITING
        cabinet.busy.clear()
        await station.settled()
        assert station.job("b").state is JobState.DONE

    run_virtual(story())
