"""What GRBL's main program may do to the controller, and how it waits.

GRBL executes one line at a time and blocks while it must (planner full, waiting for
motion to end, dwelling, homing). Here each such piece is a generator that yields while
GRBL would block, and returns the status to answer. The yielded value is the time to look
again, in seconds of the clock, infinite when an event will come.
"""

import math
from collections.abc import Generator
from typing import Protocol

from simulators.devices.grbl.gcode import Modes
from simulators.devices.grbl.motion import Vector
from simulators.devices.grbl.planner import PlannedBlock, Planner
from simulators.devices.grbl.settings import Settings

Steps = Generator[float, None, int]

OK = 0
ALARM_SOFT_LIMIT = 2


class Machine(Protocol):
    """What the main program may do to the controller."""

    settings: Settings
    planner: Planner
    modes: Modes
    parser_position: Vector
    probe_position: Vector
    probe_succeeded: bool
    state: str

    @property
    def now_s(self) -> float: ...
    @property
    def probe_pin(self) -> bool: ...
    @property
    def to_switch_mm(self) -> Vector: ...
    def send(self, text: str) -> None: ...
    def set_flood(self, on: bool) -> None: ...
    def raise_alarm(self, code: int) -> None: ...
    def reset(self) -> None: ...
    def sleep(self) -> None: ...


def synchronise(machine: Machine) -> Steps:
    """Wait until every block has been executed."""
    while not machine.planner.empty:
        yield math.inf
    return OK


def wait_until(machine: Machine, until_s: float) -> Steps:
    while machine.now_s < until_s:
        yield until_s
    return OK


def move(machine: Machine, block: PlannedBlock) -> Steps:
    if machine.settings.flag(20) and machine.settings.outside(block.target):
        machine.planner.brake(machine.now_s)
        while machine.planner.motion:
            yield math.inf
        machine.raise_alarm(ALARM_SOFT_LIMIT)
        yield from _hang()
    while machine.planner.free_blocks == 0:
        yield math.inf
    machine.planner.add(block)
    return OK


def _hang() -> Steps:
    """Wait for the reset that ends this program."""
    while True:
        yield math.inf
