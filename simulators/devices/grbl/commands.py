"""GRBL's main program: what each line does, as steps that wait.

GRBL executes one line at a time and blocks while it must (planner full, waiting for
motion to end, dwelling, homing). Each function here is a generator that yields while
GRBL would block, and returns the status to answer: the time to look again is the
yielded value, in seconds of the clock, infinite when an event will come.
"""

import math
from collections.abc import Generator
from typing import Protocol

from simulators.devices.grbl import gcode, report
from simulators.devices.grbl.gcode import Block, GcodeError, Modes
from simulators.devices.grbl.motion import Vector
from simulators.devices.grbl.planner import ORIGIN, PlannedBlock, Planner
from simulators.devices.grbl.settings import Settings

Steps = Generator[float, None, int]

OK = 0
BAD_NUMBER = 2
INVALID_STATEMENT = 3
SETTING_DISABLED = 5
NOT_IDLE = 8
LOCKED = 9
LINE_OVERFLOW = 11
TRAVEL_EXCEEDED = 15

ALARM_SOFT_LIMIT = 2
ALARM_PROBE_INITIAL = 4
ALARM_PROBE_NO_CONTACT = 5
ALARM_HOMING_NO_SWITCH = 9

HOMING_CYCLES = ("Z", "XY")
HOMING_SEARCH_FACTOR = 1.5


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


def execute(machine: Machine, line: str | None) -> Steps:
    """Execute one cleaned line; None stands for a line that overflowed."""
    if line is None:
        return LINE_OVERFLOW
    if not line:
        return OK
    if line.startswith("$"):
        return (yield from _execute_system(machine, line))
    if machine.state in ("Alarm", "Jog"):
        return LOCKED
    try:
        block = gcode.parse_line(line, machine.modes, machine.parser_position)
    except GcodeError as error:
        return error.status
    yield from _execute_block(machine, block)
    return OK


def _execute_block(machine: Machine, block: Block) -> Steps:
    checking = machine.state == "Check"
    before, machine.modes = machine.modes, block.modes
    if block.coolant and block.coolant != before.coolant and not checking:
        yield from _synchronise(machine)
        machine.set_flood(block.coolant == "M8")
    if block.dwell_s is not None and not checking:
        yield from _synchronise(machine)
        yield from _wait_until(machine, machine.now_s + block.dwell_s)
    if block.target is not None:
        if checking:
            machine.parser_position = block.target
        elif block.modes.motion.startswith("G38"):
            yield from _probe(machine, block.target, block.modes)
        else:
            feed = None if block.modes.motion == "G0" else block.modes.feed_mm_min
            yield from _move(machine, PlannedBlock(block.target, feed))
            machine.parser_position = block.target
    if block.flow and not checking:
        yield from _end_program(machine, block.flow)
    return OK


def _synchronise(machine: Machine) -> Steps:
    """Wait until every block has been executed."""
    while not machine.planner.empty:
        yield math.inf
    return OK


def _wait_until(machine: Machine, until_s: float) -> Steps:
    while machine.now_s < until_s:
        yield until_s
    return OK


def _move(machine: Machine, block: PlannedBlock) -> Steps:
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


def _probe(machine: Machine, target: Vector, modes: Modes) -> Steps:
    toward = modes.motion in ("G38.2", "G38.3")
    no_error = modes.motion in ("G38.3", "G38.5")
    planner = machine.planner
    yield from _synchronise(machine)
    machine.probe_succeeded = False
    if machine.probe_pin == toward:
        machine.raise_alarm(ALARM_PROBE_INITIAL)
        return OK
    planner.touched_at = None
    yield from _move(machine, PlannedBlock(target, modes.feed_mm_min, probing=True))
    while planner.touched_at is None and not planner.empty:
        yield math.inf
    while planner.motion:
        yield math.inf
    planner.flush()
    if planner.touched_at is not None:
        machine.probe_succeeded, machine.probe_position = True, planner.touched_at
        planner.touched_at = None
    elif no_error:
        machine.probe_position = planner.end
    else:
        machine.raise_alarm(ALARM_PROBE_NO_CONTACT)
    machine.parser_position = planner.end
    machine.send(report.probe_line(machine.probe_position, machine.probe_succeeded))
    return OK


def _end_program(machine: Machine, flow: str) -> Steps:
    yield from _synchronise(machine)
    if flow in ("M2", "M30"):
        machine.modes = Modes(motion="G1", feed_mm_min=machine.modes.feed_mm_min)
        machine.set_flood(False)
        machine.send(report.message("Pgm End"))
    elif flow == "M0":
        machine.state = "Hold:0"
    return OK


def _execute_system(machine: Machine, line: str) -> Steps:
    command = line[1:]
    if command.startswith("J"):
        return (yield from _jog(machine, command))
    if command == "H" and machine.state in ("Idle", "Alarm"):
        return (yield from _home(machine))
    return _execute_at_once(machine, command)


def _execute_at_once(machine: Machine, command: str) -> int:
    if not command:
        machine.send(report.HELP)
        return OK
    if command in ("$", "G", "C", "X"):
        return _execute_simple(machine, command)
    if command[0] in "$GCX":
        return INVALID_STATEMENT
    if machine.state not in ("Idle", "Alarm"):
        return NOT_IDLE
    return _execute_at_rest(machine, command)


def _execute_at_rest(machine: Machine, command: str) -> int:
    texts = {
        "#": report.parameters(machine.probe_position, machine.probe_succeeded),
        "I": report.BUILD,
        "N": report.STARTUP,
    }
    if command in texts:
        machine.send(texts[command])
        return OK
    if command == "SLP":
        machine.sleep()
        return OK
    return _store_setting(machine, command)


def _execute_simple(machine: Machine, command: str) -> int:
    if command == "$":
        if machine.state.startswith(("Run", "Hold")):
            return NOT_IDLE
        machine.send("".join(f"{line}\r\n" for line in machine.settings.lines()))
    elif command == "G":
        machine.send(machine.modes.describe() + "\r\n")
    elif command == "X":
        if machine.state == "Alarm":
            machine.send(report.message(report.UNLOCKED))
            machine.state = "Idle"
    elif machine.state == "Check":
        machine.reset()
        machine.send(report.message("Disabled"))
    elif machine.state == "Idle":
        machine.state = "Check"
        machine.send(report.message("Enabled"))
    else:
        return NOT_IDLE
    return OK


def _store_setting(machine: Machine, command: str) -> int:
    name, equals, text = command.partition("=")
    if command[0] in "HISRN#":
        return INVALID_STATEMENT
    if not gcode.NUMBER.match(name):
        return BAD_NUMBER
    if not equals or not name.isdigit():
        return INVALID_STATEMENT
    if not gcode.NUMBER.match(text):
        return BAD_NUMBER
    if not gcode.NUMBER.fullmatch(text):
        return INVALID_STATEMENT
    return machine.settings.store(int(name), float(text))


def _jog(machine: Machine, command: str) -> Steps:
    if machine.state not in ("Idle", "Jog"):
        return NOT_IDLE
    if not command.startswith("J="):
        return INVALID_STATEMENT
    try:
        target, feed = gcode.parse_jog(command[2:], machine.modes, machine.parser_position)
    except GcodeError as error:
        return error.status
    if machine.settings.flag(20) and machine.settings.outside(target):
        return TRAVEL_EXCEEDED
    if target != machine.planner.end:
        machine.state = "Jog"
    yield from _move(machine, PlannedBlock(target, feed))
    machine.parser_position = target
    return OK


def _home(machine: Machine) -> Steps:
    """Seek the switches, Z first; then back off and approach again slowly, per cycle."""
    settings = machine.settings
    if not settings.flag(22):
        return SETTING_DISABLED
    machine.state = "Home"
    for axes in HOMING_CYCLES:
        here = machine.planner.end
        way = [
            value if name in axes else 0.0
            for name, value in zip("XYZ", machine.to_switch_mm, strict=True)
        ]
        reach = [HOMING_SEARCH_FACTOR * travel for travel in settings.travel_mm]
        if any(abs(part) > limit for part, limit in zip(way, reach, strict=True)):
            machine.raise_alarm(ALARM_HOMING_NO_SWITCH)
            return OK
        target = (here[0] + way[0], here[1] + way[1], here[2] + way[2])
        machine.planner.add(PlannedBlock(target, settings.values[25], homing=True))
        yield from _synchronise(machine)
        locate_s = 2 * settings.values[27] / settings.values[24] * 60
        yield from _wait_until(machine, machine.now_s + locate_s + 2 * settings.values[26] / 1000)
        machine.planner.set_origin(axes)
    machine.parser_position = ORIGIN
    machine.state = "Idle"
    return OK
