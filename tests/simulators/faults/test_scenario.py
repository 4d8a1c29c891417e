"""Scenario files: read strictly, drawn the same each time, played at their time."""

import asyncio
from pathlib import Path

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import FAULTS, Fault, FaultError, inject, parse_fault
from simulators.faults.scenario import load_scenario, plan_acts, play
from simulators.world.world import OUTSIDE, World

SCENARIO = """
seed = 7

[[fault]]
at_s = 600.0
spread_s = 300.0
what = "serial-silence"
for_s = 45.0

[[fault]]
at_s = 120.0
what = "write-error"
where = "s001"
sector = 500

[[fault]]
at_s = 130.0
what = "steal"
where = "s150"
"""


@pytest.fixture
def scenario_path(tmp_path: Path) -> Path:
    path = tmp_path / "bad-week.toml"
    path.write_text(SCENARIO)
    return path


def test_acts_are_drawn_the_same_and_in_order(scenario_path: Path) -> None:
    acts = plan_acts(load_scenario(scenario_path))
    assert acts == plan_acts(load_scenario(scenario_path))
    assert [act.fault.what for act in acts] == [
        "write-error", "steal", "serial-silence", "serial-silence",
    ]  # fmt: skip
    assert 600 <= acts[2].at_s <= 900
    assert acts[3].at_s == acts[2].at_s + 45
    assert [act.fault.lift for act in acts] == [False, False, False, True]


def test_faults_come_at_their_time_and_an_impossible_one_stops_nothing(
    scenario_path: Path, world: World
) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            playing = asyncio.create_task(play(cabinet, load_scenario(scenario_path)))
            disc = world.disc_at("s001")
            assert disc
            await asyncio.sleep(119)
            assert disc.write_error_sector is None
            await asyncio.sleep(2)
            assert disc.write_error_sector == 500
            await asyncio.sleep(500)
            await playing
            assert world.state.faults == {}

    run_virtual(story())


@pytest.mark.parametrize(
    "text", ['[[fault]]\nat_s = 1.0\nwhat = "gremlins"', "[[fault]]\nat_s = 1.0", "seed = 1\nx = 2"]
)
def test_a_scenario_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(FaultError, match=r"scenario\.toml"):
        load_scenario(path)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("gremlins"), "calibration, "),
        (Fault("dirty-lens", "s001"), "about a drive"),
        (Fault("steal", "s200"), "no disc in s200"),
    ],
)
def test_faults_that_make_no_sense_are_refused(world: World, fault: Fault, message: str) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet, pytest.raises(FaultError, match=message):
            inject(cabinet, fault)

    run_virtual(story())


def test_a_burned_disc_cannot_become_a_weak_burn(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            disc = world.disc_at("s001")
            assert disc
            disc.state = type(disc.state).CLOSED
            with pytest.raises(FaultError, match="too late"):
                inject(cabinet, Fault("weak-burn", "s001"))

    run_virtual(story())


def test_a_stolen_disc_is_outside(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            inject(cabinet, Fault("steal", "s003"))
            assert world.disc_at("s003") is None
            assert world.state.discs["BD000003"].place == OUTSIDE

    run_virtual(story())


def test_lasting_faults_outlive_a_power_cut(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            inject(cabinet, Fault("jam"))

    run_virtual(story())
    again = World.open(world.folder)
    assert "jam" in again.state.faults
    again.close()


def test_a_restarted_robot_boots_locked(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            port = cabinet.serial()
            inject(cabinet, Fault("robot-restart"))
            assert b"to unlock" in await port.read()

    run_virtual(story())


def test_a_fault_from_outside_is_checked() -> None:
    assert parse_fault({"what": "jam"}) == Fault("jam")
    with pytest.raises(FaultError, match="not a fault"):
        parse_fault({"what": "jam", "colour": "red"})
    assert "jam" in FAULTS
