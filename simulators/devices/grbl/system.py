"""What the lines that begin with `$` do.

Source: `system.c`, and `limits.c` for homing.
"""

from simulators.devices.grbl import gcode, report
from simulators.devices.grbl.machine import OK, Machine, Steps, move, synchronise, wait_until
from simulators.devices.grbl.planner import ORIGIN, PlannedBlock
from simulators.devices.grbl.words import NUMBER, GcodeError

BAD_NUMBER = 2
INVALID_STATEMENT = 3
SETTING_DISABLED = 5
NOT_IDLE = 8
TRAVEL_EXCEEDED = 15

ALARM_HOMING_NO_SWITCH = 9

HOMING_CYCLES = ("Z", "XY")
HOMING_SEARCH_FACTOR = 1.5


def execute_system(machine: Machine, line: str) -> Steps:
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
    if not NUMBER.match(name):
        return BAD_NUMBER
    if not equals or not name.isdigit():
        return INVALID_STATEMENT
    if not NUMBER.match(text):
        return BAD_NUMBER
    if not NUMBER.fullmatch(text):
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
    yield from move(machine, PlannedBlock(target, feed))
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
        yield from synchronise(machine)
        locate_s = 2 * settings.values[27] / settings.values[24] * 60
        yield from wait_until(machine, machine.now_s + locate_s + 2 * settings.values[26] / 1000)
        machine.planner.set_origin(axes)
    machine.parser_position = ORIGIN
    machine.state = "Idle"
    return OK
