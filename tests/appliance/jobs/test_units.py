"""Several nodes, each with a robot of its own: what fails in one stops that one alone."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.messages import AlarmCleared, AlarmRaised, CopyVerified, TakeInventory
from appliance.contract.states import JobState, MediumState, RobotState
from hal.errors import HalError
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import GRIPPER, Cabinet
from tests.appliance.jobs.station import Station, over

VOLUMES = [Volume(number, files_of(number, 4, 2_000_000)) for number in range(1, 5)]
LINE_GONE = HalError(1002, "the line to the robot is gone")
Nodes = dict[str, Cabinet]


def nodes(*, slots: int = 4, drives: int = 2, discs: int = 3) -> Nodes:
    return {name: Cabinet(slots, drives, discs, name) for name in ("n01", "n02")}


def play(
    folder: Path, cabinets: Nodes, story: Callable[[Station], Awaitable[None]], *, dead: str = ""
) -> None:
    """Start an appliance whose working nodes have taken their inventories; `dead` has no line."""

    async def whole() -> None:
        if dead:
            cabinets[dead].robot_fault = LINE_GONE
        station = over(folder, cabinets, Archive(*VOLUMES))
        await station.start()
        alive = [name for name in cabinets if name != dead]
        await station.until(
            lambda: all(
                slot.probed_at for slot in station.library.slots.all() if slot.unit in alive
            )
        )
        await story(station)

    run_virtual(whole())


def order_all(station: Station) -> None:
    for volume in VOLUMES:
        assert station.tell(volume.order()).accepted


def finished(station: Station) -> bool:
    return len(station.events(CopyVerified)) == len(VOLUMES)


def check_places(station: Station, cabinets: Nodes) -> None:
    """I2: every medium is where the firmware says."""
    real = {place for cabinet in cabinets.values() for place in cabinet.places} - {GRIPPER}
    told = {m.place.partition(":")[2] for m in station.media() if m.robot is None}
    assert told == real


def test_work_is_spread_over_the_nodes_and_each_disc_stays_in_its_own(tmp_path: Path) -> None:
    cabinets = nodes()

    async def story(station: Station) -> None:
        order_all(station)
        await station.settled()
        copies = station.events(CopyVerified)
        assert sorted(copy.slot[:3] for copy in copies) == ["n01", "n01", "n02", "n02"]
        assert all(copy.verify_drive[:3] == copy.slot[:3] for copy in copies)
        check_places(station, cabinets)
        robots = station.library.telemetry().robots
        assert [(r.unit, r.state) for r in robots] == [
            ("n01", RobotState.IDLE),
            ("n02", RobotState.IDLE),
        ]

    play(tmp_path, cabinets, story)


def test_burns_that_have_not_begun_leave_a_node_whose_line_dies(tmp_path: Path) -> None:
    cabinets = nodes(discs=4, drives=1)

    async def story(station: Station) -> None:
        order_all(station)
        cabinets["n02"].robot_fault = LINE_GONE
        await station.until(lambda: finished(station))
        await station.settled()
        assert {copy.slot[:3] for copy in station.events(CopyVerified)} == {"n01"}
        raised = [alarm.where for alarm in station.events(AlarmRaised)]
        assert "changer:n02" in raised
        assert "changer:n01" not in raised
        assert not any(where.startswith(("job:", "library")) for where in raised)
        assert all(cabinets["n02"].places[s].burns == 0 for s in cabinets["n02"].places)
        assert {job.state for job in station.jobs()} == {JobState.DONE}

    play(tmp_path, cabinets, story)


def test_a_burn_under_way_goes_on_in_a_dead_node_and_its_disc_goes_home_later(
    tmp_path: Path,
) -> None:
    cabinets = nodes()

    async def story(station: Station) -> None:
        order_all(station)
        await station.until(
            lambda: sum(m.state is MediumState.BURNING for m in station.media()) == 4
        )
        cabinets["n02"].robot_fault = LINE_GONE
        await station.until(lambda: finished(station))
        await station.until(lambda: sum(j.state is JobState.DONE for j in station.jobs()) == 4)
        there = [place for place in cabinets["n02"].places if ".d" in place]
        assert len(there) == 2, "both discs of the dead node lie in its drives"
        cabinets["n02"].robot_fault = None
        await station.settled()
        assert all(medium.is_home for medium in station.media())
        check_places(station, cabinets)
        assert "changer:n02" in [alarm.where for alarm in station.events(AlarmCleared)]

    play(tmp_path, cabinets, story)


@pytest.mark.parametrize("moment_s", [2.5, 5.0, 7.5, 9.0, 12.0])
def test_what_a_job_left_in_a_dead_node_is_put_away_when_the_node_works_again(
    tmp_path: Path, moment_s: float
) -> None:
    cabinets = nodes(discs=4)

    async def story(station: Station) -> None:
        order_all(station)
        began = station.now()
        await station.until(lambda: (station.now() - began).total_seconds() >= moment_s)
        cabinets["n02"].robot_fault = LINE_GONE
        await station.until(lambda: finished(station))
        cabinets["n02"].robot_fault = None
        await station.until(lambda: station.library.units.get("n02").works)
        await station.settled()
        await station.until(lambda: all(medium.is_home for medium in station.media()))
        await station.until(lambda: all(seat.job_id is None for seat in station.library.drives))
        check_places(station, cabinets)
        assert all(d.burns <= 1 for c in cabinets.values() for d in c.places.values())

    play(tmp_path, cabinets, story)


def test_a_dead_node_at_the_start_keeps_no_other_from_its_inventory_and_its_burns(
    tmp_path: Path,
) -> None:
    cabinets = nodes(discs=4)

    async def story(station: Station) -> None:
        order_all(station)
        await station.until(lambda: finished(station))
        assert {copy.slot[:3] for copy in station.events(CopyVerified)} == {"n01"}
        assert not station.library.slots.were_surveyed("n02")
        cabinets["n02"].robot_fault = None
        await station.surveyed()
        assert station.library.units.get("n02").works
        assert len(station.media()) == 8

    play(tmp_path, cabinets, story, dead="n02")


def test_an_inventory_of_all_looks_into_the_others_while_one_is_dead(tmp_path: Path) -> None:
    cabinets = nodes()

    async def story(station: Station) -> None:
        cabinets["n01"].robot_fault = LINE_GONE
        began = station.now()
        reply = station.tell(TakeInventory())

        def looked(node: str) -> bool:
            slots = [slot for slot in station.library.slots.all() if slot.unit == node]
            return all(slot.probed_at and slot.probed_at > began for slot in slots)

        await station.until(lambda: looked("n02"))
        assert not looked("n01")
        cabinets["n01"].robot_fault = None
        await station.settled()
        assert looked("n01")
        assert station.job(reply.job_id or "").state is JobState.DONE

    play(tmp_path, cabinets, story)


def test_motions_that_fail_again_and_again_isolate_a_node_too(tmp_path: Path) -> None:
    cabinets = nodes(discs=4)

    async def story(station: Station) -> None:
        cabinets["n02"].fumbles = 10_000
        order_all(station)
        await station.until(lambda: finished(station))
        assert {copy.slot[:3] for copy in station.events(CopyVerified)} == {"n01"}

    play(tmp_path, cabinets, story)


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_at_any_commit_of_two_nodes_at_work(tmp_path: Path, *, lost: bool) -> None:
    volumes = [Volume(number, files_of(number, 2, 50_000)) for number in (1, 2)]

    async def lived_through(folder: Path, cut_at: int | None) -> int:
        cabinets = nodes(slots=2, drives=1, discs=2)
        station = over(folder, cabinets, Archive(*volumes))
        station.cut_at, station.cut_before = cut_at, lost
        for _ in range(2):
            await station.start()
            for number, volume in enumerate(volumes):
                station.order(volume.order(), f"burn-{number}")
            await station.settled()
            if not station.cut.is_set():
                break
            await station.kill()
        await station.until(
            lambda: all(slot.probed_at for slot in station.library.slots.all()), limit_s=1000
        )
        assert {job.state for job in station.jobs()} == {JobState.DONE}
        assert all(medium.is_home for medium in station.media())
        check_places(station, cabinets)
        copies = station.events(CopyVerified)
        assert len({copy.copy_id for copy in copies}) == len(copies) == 2
        assert all(d.burns <= 1 for c in cabinets.values() for d in c.places.values())
        return station.commits

    for cut_at in range(1, run_virtual(lived_through(tmp_path / "whole", None)) + 1):
        try:
            run_virtual(lived_through(tmp_path / str(cut_at), cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
