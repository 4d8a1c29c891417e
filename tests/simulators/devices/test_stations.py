"""Robots of other cabinets than the rack: a printer behind the gate, magazines, several nodes."""

import math
from pathlib import Path

import pytest

from simulators.devices.robot import Robot
from simulators.world.power import BASE_W, ROBOT_W
from simulators.world.world import FLOOR, World

PITCH = 360 / 51
OPEN, CLOSE, BACK = "M8\nG4 P0.3", "M9\nG4 P0.3", "G53 G0 Z0"
PICK_S1 = [f"G53 G0 X-{PITCH:.3f} Y-20", OPEN, "G53 G0 Z-120", CLOSE, BACK]


class Bench:
    """A homed robot of one unit."""

    def __init__(self, world: World, unit: str = "") -> None:
        self.robot = Robot(world, unit)
        self.now_s = 0.0
        self.run("?", "$H")

    def run(self, *lines: str) -> str:
        answers = ""
        for line in lines:
            told = self.robot.update(self.now_s, line.encode() + b"\n")
            answers += told.sent.decode()
            while told.wake_s < math.inf:
                self.now_s = told.wake_s
                told = self.robot.update(self.now_s)
                answers += told.sent.decode()
        return answers


def test_the_robot_puts_a_disc_into_the_printers_tray(tmp_path: Path) -> None:
    world = World.create(tmp_path, "hybrid", discs=1)
    world.set_tray("p1", True)
    bench = Bench(world)
    assert "ALARM" not in bench.run(*PICK_S1)
    assert "ALARM" not in bench.run("G53 G0 X0 Y-640", "G53 G0 Z-280", OPEN, BACK, CLOSE)
    disc = world.disc_at("p1")
    assert disc
    assert disc.serial == "BD000001"


def test_the_closed_printer_is_a_wall(tmp_path: Path) -> None:
    bench = Bench(World.create(tmp_path, "hybrid", discs=1))
    answers = bench.run("G53 G0 X0 Y-640", "G53 G0 Z-280")
    assert "ALARM:1" in answers


def test_each_node_moves_its_own_discs(tmp_path: Path) -> None:
    world = World.create(tmp_path, "pb-library")
    first, second = Bench(world, "n00"), Bench(world, "n01")
    second.run(*PICK_S1)
    held = world.disc_at("n01.gripper")
    assert held
    assert held.serial == "BD000401"
    assert world.disc_at("n00.gripper") is None
    assert world.state.arms["n00"].position_mm == pytest.approx((0, 0, 0))
    assert "Pn:P" not in first.run("?")
    # the eighth tier, which the rack does not have
    top = f"G53 G0 X-{PITCH:.3f} Y-{20 + 7 * 150}"
    first.run(top, OPEN, "G53 G0 Z-120", CLOSE, BACK)
    held = world.disc_at("n00.gripper")
    assert held
    assert held.serial == "BD000351"
    assert set(world.state.eeproms) == {"n00", "n01"}


def test_where_a_magazine_is_out_a_disc_finds_no_hold(tmp_path: Path) -> None:
    world = World.create(tmp_path, "pb-library", discs=201)
    bench = Bench(world, "n00")
    bench.run(f"G53 G0 X-{PITCH:.3f} Y-620", OPEN, "G53 G0 Z-120", CLOSE, BACK)
    assert world.disc_at("n00.gripper")
    world.take_magazine("n00.g1")
    probed = bench.run(f"G53 G0 X-{PITCH:.3f} Y-20")
    assert "ALARM" not in probed
    bench.run("G53 G0 Z-120", OPEN, BACK, CLOSE)
    assert world.state.discs["BD000201"].place == FLOOR


def test_a_robot_draws_power_only_while_it_moves(world: World) -> None:
    bench = Bench(world)
    assert world.power.watts == BASE_W
    told = bench.robot.update(bench.now_s, b"G53 G0 X-100\n")
    bench.robot.update(bench.now_s + 0.01)
    assert world.power.watts == BASE_W + ROBOT_W
    while told.wake_s < math.inf:
        told = bench.robot.update(told.wake_s)
    assert world.power.watts == BASE_W
