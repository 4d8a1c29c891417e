"""What goes wrong with robots."""

from collections.abc import Collection

from simulators.cabinet import Cabinet
from simulators.devices.turntable.mechanics import JAM
from simulators.faults.registry import Fault, FaultError, mark, register, require_place
from simulators.links.serial import SILENCE


def _robots(cabinet: Cabinet) -> Collection[str]:
    if not cabinet.robots:
        raise FaultError("this cabinet has no robot")
    return cabinet.robots


def _mark(cabinet: Cabinet, fault: Fault) -> str:
    return mark(cabinet, fault, _robots)


def _restart(cabinet: Cabinet, fault: Fault) -> str:
    """What a person does after a crash, and what a bad power supply does at any time."""
    require_place(fault, _robots(cabinet))
    cabinet.robots[fault.where].restart()
    return "the robot was turned off and on"


NODE = "WHERE is a node; empty in a cabinet with one robot."
register(JAM, _mark, f"The gripper's jaws freeze. {NODE}")
register(SILENCE, _mark, f"No byte passes between robot and computer. {NODE}")
register("robot-restart", _restart, f"The robot is turned off and on. {NODE}")
