"""What each line does: the G-code part of GRBL's main program.

Sources: `protocol.c`, `gcode.c`, `motion_control.c`.
"""

import math

from simulators.devices.grbl import gcode, report
from simulators.devices.grbl.gcode import Block, Modes
from simulators.devices.grbl.machine import OK, Machine, Steps, move, synchronise, wait_until
from simulators.devices.grbl.motion import Vector
from simulators.devices.grbl.planner import PlannedBlock
from simulators.devices.grbl.system import execute_system
from simulators.devices.grbl.words import GcodeError

LOCKED = 9
LINE_OVERFLOW = 11

ALARM_PROBE_INITIAL = 4
ALARM_PROBE_NO_CONTACT = 5


def execute(machine: Machine, line: str | None) -> Steps:
    """Execute one cleaned line; None stands for a line that overflowed."""
    if line is None:
        return LINE_OVERFLOW
    if not line:
        return OK
    if line.startswith("$"):
        return (yield from execute_system(machine, line))
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
        yield from synchronise(machine)
        machine.set_flood(block.coolant == "M8")
    if block.dwell_s is not None and not checking:
        yield from synchronise(machine)
        yield from wait_until(machine, machine.now_s + block.dwell_s)
    if block.target is not None:
        if checking:
            machine.parser_position = block.target
        elif block.modes.motion.startswith("G38"):
            yield from _probe(machine, block.target, block.modes)
        else:
            feed = None if block.modes.motion == "G0" else block.modes.feed_mm_min
            yield from move(machine, PlannedBlock(block.target, feed))
            machine.parser_position = block.target
    if block.flow and not checking:
        yield from _end_program(machine, block.flow)
    return OK


def _probe(machine: Machine, target: Vector, modes: Modes) -> Steps:
    toward = modes.motion in ("G38.2", "G38.3")
    no_error = modes.motion in ("G38.3", "G38.5")
    planner = machine.planner
    yield from synchronise(machine)
    machine.probe_succeeded = False
    if machine.probe_pin == toward:
        machine.raise_alarm(ALARM_PROBE_INITIAL)
        return OK
    planner.touched_at = None
    yield from move(machine, PlannedBlock(target, modes.feed_mm_min, probing=True))
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
    yield from synchronise(machine)
    if flow in ("M2", "M30"):
        machine.modes = Modes(motion="G1", feed_mm_min=machine.modes.feed_mm_min)
        machine.set_flood(False)
        machine.send(report.message("Pgm End"))
    elif flow == "M0":
        machine.state = "Hold:0"
    return OK
