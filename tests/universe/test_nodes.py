"""The PB library: the failure of one node isolates that node alone, and the others keep burning."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.messages import AlarmCleared, AlarmRaised, CopyVerified
from appliance.contract.states import JobState, MediumState, RobotState
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.nodes import Nodes, hold

VOLUMES = [Volume(number, files_of(number, 4, 400_000)) for number in range(1, 7)]
SMALL = [Volume(number, files_of(number, 2, 50_000)) for number in (1, 2)]


def play(
    folder: Path, story: Callable[[Station, Nodes], Awaitable[None]], *, dead: str = ""
) -> None:
    async def whole() -> None:
        nodes = Nodes(folder / "world")
        if dead:
            nodes.wires.cut.add(dead)
        station = Station(folder, nodes, Archive(*VOLUMES))
        await station.start()
        await station.until(
            lambda: all(s.probed_at for s in station.library.slots.all() if s.unit != dead)
        )
        await story(station, nodes)
        hold(station, nodes)
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())


async def until(station: Station, holds: Callable[[], bool]) -> None:
    await station.until(holds, limit_s=3000)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def burning(station: Station, node: str) -> list[str]:
    homes = [m.home_slot or "" for m in station.media() if m.state is MediumState.BURNING]
    return [home for home in homes if home.startswith(node)]


def order_all(station: Station) -> None:
    for volume in VOLUMES:
        assert station.tell(volume.order()).accepted


def verified(station: Station) -> list[CopyVerified]:
    return station.events(CopyVerified)


def test_a_node_whose_line_dies_in_a_burn_stops_alone(tmp_path: Path) -> None:
    async def story(station: Station, nodes: Nodes) -> None:
        order_all(station)
        await until(station, lambda: len(burning(station, "n01")) == 2)
        await nodes.cut_line("n01")
        await until(station, lambda: len(verified(station)) == len(VOLUMES))
        await until(station, lambda: sum(m.is_home for m in station.media()) == 7)
        homes = {m.home_slot for m in station.media() if not m.is_home}
        assert homes == {c.slot for c in verified(station) if c.slot.startswith("n01.")}
        assert len(homes) == 2
        states = {r.unit: r.state for r in station.library.telemetry().robots}
        assert states["n01"] is RobotState.UNAVAILABLE
        assert states["n00"] is not RobotState.UNAVAILABLE
        raised = {alarm.where for alarm in station.events(AlarmRaised)}
        assert {where for where in raised if where.startswith("changer")} == {"changer:n01"}
        nodes.mend_line("n01")
        await station.settled()
        assert all(medium.is_home for medium in station.media())
        assert "changer:n01" in {alarm.where for alarm in station.events(AlarmCleared)}

    play(tmp_path, story)


@pytest.mark.parametrize("moment_s", [1.0, 4.0, 8.0, 14.0, 22.0])
def test_whenever_a_line_dies_all_volumes_are_burned(tmp_path: Path, moment_s: float) -> None:
    async def story(station: Station, nodes: Nodes) -> None:
        order_all(station)
        began = station.now()
        await station.until(lambda: (station.now() - began).total_seconds() >= moment_s)
        await nodes.cut_line("n02")
        await until(station, lambda: len(verified(station)) == len(VOLUMES))
        nodes.mend_line("n02")
        await station.settled()
        await until(station, lambda: all(medium.is_home for medium in station.media()))
        await until(station, lambda: all(seat.job_id is None for seat in station.library.drives))

    play(tmp_path, story)


def test_a_jammed_gripper_isolates_its_node_until_a_person_has_freed_it(tmp_path: Path) -> None:
    async def story(station: Station, nodes: Nodes) -> None:
        inject(nodes.cabinet, Fault("jam", "n00"))
        order_all(station)
        await until(station, lambda: len(verified(station)) == len(VOLUMES))
        assert not any(copy.slot.startswith("n00.") for copy in verified(station))
        inject(nodes.cabinet, Fault("jam", "n00", lift=True))
        inject(nodes.cabinet, Fault("robot-restart", "n00"))  # a person has freed it
        await until(station, lambda: station.library.units.get("n00").works)
        await station.settled()

    play(tmp_path, story)


def test_a_robot_that_falls_silent_at_rest_is_an_alarm_until_it_answers(tmp_path: Path) -> None:
    async def story(station: Station, nodes: Nodes) -> None:
        await station.settled()
        await nodes.cut_line("n01")
        unit = station.library.units.get("n01")
        await until(station, lambda: unit.fault is not None)
        assert "changer:n01" in {alarm.where for alarm in station.events(AlarmRaised)}
        assert station.library.units.get("n00").works
        nodes.mend_line("n01")
        await until(station, lambda: unit.works)
        assert "changer:n01" in {alarm.where for alarm in station.events(AlarmCleared)}

    play(tmp_path, story)


def test_a_node_that_is_dead_at_the_start_holds_up_no_other(tmp_path: Path) -> None:
    async def story(station: Station, nodes: Nodes) -> None:
        order_all(station)
        await until(station, lambda: len(verified(station)) == len(VOLUMES))
        assert {copy.slot[:3] for copy in verified(station)} == {"n00", "n02"}
        nodes.mend_line("n01")
        await station.surveyed()
        assert len(station.media()) == 9

    play(tmp_path, story, dead="n01")


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_while_two_nodes_work(tmp_path: Path, *, lost: bool) -> None:
    """Every seventh commit here; every one over plain objects, in the tests of the jobs."""

    async def lived_through(folder: Path, cut_at: int | None) -> int:
        nodes = Nodes(folder / "world", nodes=2, slots=2, discs=2)
        station = Station(folder, nodes, Archive(*SMALL))
        station.cut_at, station.cut_before = cut_at, lost
        for _ in range(2):
            await station.start()
            for number, volume in enumerate(SMALL):
                station.order(volume.order(), f"burn-{number}")
            await station.settled()
            if not station.cut.is_set():
                break
            await station.kill()
        await station.until(lambda: all(medium.is_home for medium in station.media()))
        hold(station, nodes)
        assert {job.state for job in station.jobs()} == {JobState.DONE}
        assert len(verified(station)) == len({c.copy_id for c in verified(station)}) == 2
        commits = station.commits
        await station.kill()
        nodes.cabinet.stop()
        return commits

    for cut_at in range(1, run_virtual(lived_through(made(tmp_path / "whole"), None)) + 1, 7):
        try:
            run_virtual(lived_through(made(tmp_path / str(cut_at)), cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
