"""The robot as machine: what G-code does to discs, gently and roughly."""

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.devices.robot import Robot
from simulators.world.world import FLOOR, GRIPPER, World, read_state

PITCH = 360 / 51
S1 = f"G53 G0 X-{PITCH:.3f} Y-20"
S2 = f"G53 G0 X-{2 * PITCH:.3f} Y-20"
D1 = "G53 G0 X0 Y-40"
REACH_SLOT, REACH_TRAY, BACK = "G53 G0 Z-120", "G53 G0 Z-280", "G53 G0 Z0"
OPEN, CLOSE = "M8\nG4 P0.3", "M9\nG4 P0.3"
PICK_S1 = [S1, OPEN, REACH_SLOT, CLOSE, BACK]


class RobotBench:
    """A homed robot over a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.robot = Robot(world)
        self.now_s = 0.0
        self.run("?")
        self.run("$H")

    def run(self, *lines: str) -> str:
        """Execute lines one after another; return all answers."""
        answers = ""
        for line in lines:
            told = self.robot.update(self.now_s, line.encode() + b"\n")
            answers += told.sent.decode()
            while told.wake_s < math.inf:
                self.now_s = told.wake_s
                told = self.robot.update(self.now_s)
                answers += told.sent.decode()
        return answers

    def place(self, serial: str = "BD000001") -> str:
        return read_state(self.world.folder).discs[serial].place


@pytest.fixture
def bench(world: World) -> RobotBench:
    return RobotBench(world)


def test_pick_and_place(bench: RobotBench) -> None:
    bench.world.set_tray("d1", True)
    assert "ALARM" not in bench.run(*PICK_S1)
    assert bench.place() == GRIPPER
    assert "Pn:P" in bench.run("?")
    assert "ALARM" not in bench.run(D1, REACH_TRAY, OPEN, BACK, CLOSE)
    assert bench.place() == "d1"
    assert "Pn:P" not in bench.run("?")


def test_probing_finds_a_disc_at_its_edge(bench: RobotBench) -> None:
    answer = bench.run(S1, OPEN, "G38.3 Z-118 F1500")
    assert f"[PRB:-{PITCH:.3f},-20.000,-112.000:1]" in answer
    assert "Pn:P" in bench.run("?")
    assert bench.place() == "s001"


def test_probing_an_empty_slot_finds_nothing(bench: RobotBench) -> None:
    answer = bench.run(f"G53 G0 X-{20 * PITCH:.3f} Y-20", OPEN, "G38.3 Z-118 F1500")
    assert ":0]" in answer


@pytest.mark.parametrize("seed", range(4))
def test_a_clock_that_is_late_misses_no_motion(bench: RobotBench, seed: int) -> None:
    """A fast clock calls late and seldom: motions begin and end between two calls."""
    rng = random.Random(seed)
    for slot in range(1, 9):
        station = f"G53 G0 X-{slot * PITCH:.3f} Y-20"
        for line in [station, OPEN, "G38.3 Z-118 F1500", "G53 G1 Z0 F6000", CLOSE]:
            told = bench.robot.update(bench.now_s, line.encode() + b"\n")
            while told.wake_s < math.inf:
                late_s = rng.choice([0.001, 0.05, 0.5, 1.0, 5.0])
                bench.now_s = max(bench.now_s, told.wake_s) + late_s
                told = bench.robot.update(bench.now_s, rng.choice([b"", b"?"]))
                assert b"ALARM" not in told.sent


def test_a_grip_on_nothing_holds_nothing(bench: RobotBench) -> None:
    bench.run(f"G53 G0 X-{20 * PITCH:.3f} Y-20", OPEN, REACH_SLOT, CLOSE, BACK)
    assert "Pn:P" not in bench.run("?")


def test_jaws_need_their_time(bench: RobotBench) -> None:
    bench.run(S1, OPEN, REACH_SLOT, f"M9\n{BACK}")  # away before they have closed
    assert bench.place() == "s001"


def test_opening_in_the_air_drops_the_disc(bench: RobotBench) -> None:
    bench.run(*PICK_S1, OPEN)
    assert bench.place() == FLOOR


def test_placing_into_an_occupied_slot_is_a_collision(bench: RobotBench) -> None:
    answer = bench.run(*PICK_S1, S2, REACH_SLOT)
    assert "ALARM:1\r\n[MSG:Reset to continue]" in answer
    assert bench.place() == GRIPPER
    assert "Pn:PZ" in bench.run("\x18?")


def test_reaching_for_a_closed_drive_is_a_collision(bench: RobotBench) -> None:
    assert "ALARM:1" in bench.run(*PICK_S1, D1, REACH_TRAY)
    assert bench.world.state.arm.position_mm[2] == pytest.approx(-150)


def test_reaching_beside_a_slot_is_a_collision(bench: RobotBench) -> None:
    assert "ALARM:1" in bench.run(f"G53 G0 X-{1.5 * PITCH:.3f} Y-20", REACH_SLOT)


def test_closed_jaws_hit_a_disc(bench: RobotBench) -> None:
    assert "ALARM:1" in bench.run(S1, REACH_SLOT)


def test_reaching_too_far_is_a_collision(bench: RobotBench) -> None:
    assert "ALARM:1" in bench.run(f"G53 G0 X-{20 * PITCH:.3f} Y-20", "G53 G0 Z-130")


@pytest.mark.parametrize("line", ["G53 G0 X-90", "G53 G0 Y-170", "G53 G0 X-90 Z0"])
def test_turning_or_lifting_with_the_arm_out_is_a_crash(bench: RobotBench, line: str) -> None:
    assert "ALARM:1" in bench.run(S1, OPEN, REACH_SLOT, line)


def test_after_a_crash_homing_makes_it_work_again(bench: RobotBench) -> None:
    bench.run(S1, REACH_SLOT)
    bench.run("\x18", "$H")
    bench.run(*PICK_S1)
    assert bench.place() == GRIPPER


def test_a_power_cut_keeps_the_disc_and_the_place_of_the_arm(bench: RobotBench) -> None:
    bench.run(S1, OPEN, REACH_SLOT, CLOSE)
    bench.world.close()
    world = World.open(bench.world.folder)
    again = RobotBench(world)
    assert again.place() == GRIPPER
    assert world.state.arm.position_mm == pytest.approx((0, 0, 0))
    assert "ALARM" not in again.run(S1, REACH_SLOT, OPEN, BACK, CLOSE)
    assert again.place() == "s001"
    world.close()


def test_a_power_cut_with_open_jaws_closes_them_around_the_disc(bench: RobotBench) -> None:
    bench.run(S1, OPEN, REACH_SLOT)
    bench.world.close()
    world = World.open(bench.world.folder)
    again = RobotBench(world)
    assert again.place() == GRIPPER
    world.close()


def test_a_stop_in_full_motion_shifts_the_machine_until_it_is_homed(bench: RobotBench) -> None:
    bench.robot.update(bench.now_s, b"G53 G0 X-180\n")
    bench.now_s += 0.8
    bench.run("\x18", "$X")
    told = bench.run("?")
    counted = float(told.partition("MPos:")[2].partition(",")[0])
    assert bench.world.state.arm.position_mm[0] < counted - 0.5
    bench.run("$H")
    assert bench.world.state.arm.position_mm == pytest.approx((0, 0, 0))


def test_jammed_jaws_stay_as_they_are(bench: RobotBench) -> None:
    bench.run(*PICK_S1)
    bench.world.state.faults["jam"] = {}
    bench.run(S1, REACH_SLOT, OPEN, BACK, CLOSE)
    assert bench.place() == GRIPPER


def test_settings_survive_a_power_cut(bench: RobotBench) -> None:
    bench.run("$110=3600")
    bench.world.close()
    world = World.open(bench.world.folder)
    assert "$110=3600.000" in RobotBench(world).run("$$")
    world.close()


lines = st.one_of(
    st.sampled_from([*PICK_S1, S2, D1, REACH_TRAY, "G53 G0 Z-60", "$X", "$H", "\x18", "!", "~"]),
    st.builds(
        lambda axis, value: f"G53 G0 {axis}{-value:.2f}",
        st.sampled_from("XYZ"),
        st.floats(0, 320),
    ),
)


@given(commands=st.lists(lines, max_size=25), trays=st.sets(st.sampled_from(["d1", "d2"])))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_command_makes_or_doubles_a_disc(
    world: World, commands: list[str], trays: set[str]
) -> None:
    world.state.open_trays = set(trays)
    bench = RobotBench(world)
    bench.run(*commands)
    world.check()
    saved = read_state(world.folder)
    assert len(saved.discs) == 10
    taken = [disc.place for disc in saved.discs.values() if disc.place != FLOOR]
    assert len(taken) == len(set(taken))
    assert sum(disc.place == GRIPPER for disc in saved.discs.values()) <= 1
