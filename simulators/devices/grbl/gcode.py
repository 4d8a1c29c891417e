"""GRBL's G-code parser for the commands modelled here: one line in, one checked block out.

Error numbers and the order of the checks are those of `gcode.c`.
"""

import re
from dataclasses import dataclass, field, replace

from simulators.devices.grbl.motion import Vector

MM_PER_INCH = 25.4
AXES = "XYZ"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")

EXPECTED_LETTER = 1
BAD_NUMBER = 2
NEGATIVE_VALUE = 4
UNSUPPORTED = 20
MODAL_GROUP_VIOLATION = 21
UNDEFINED_FEED = 22
NOT_INTEGER = 23
WORD_REPEATED = 25
NO_AXIS_WORDS = 26
INVALID_LINE_NUMBER = 27
VALUE_MISSING = 28
G53_INVALID_MODE = 30
AXIS_WORDS_EXIST = 31
INVALID_TARGET = 33
UNUSED_WORDS = 36
MAX_VALUE_EXCEEDED = 38
INVALID_JOG = 16

MODAL_GROUPS = {
    "non-modal": ("G4", "G53"),
    "motion": ("G0", "G1", "G38.2", "G38.3", "G38.4", "G38.5", "G80"),
    "plane": ("G17", "G18", "G19"),
    "distance": ("G90", "G91"),
    "arc distance": ("G91.1",),
    "feed rate": ("G94",),
    "units": ("G20", "G21"),
    "cutter": ("G40",),
    "tool length": ("G49",),
    "coordinates": ("G54", "G55", "G56", "G57", "G58", "G59"),
    "path": ("G61",),
    "flow": ("M0", "M1", "M2", "M30"),
    "spindle": ("M3", "M4", "M5"),
    "coolant": ("M8", "M9"),
}
GROUP_OF = {command: group for group, commands in MODAL_GROUPS.items() for command in commands}
JOG_GROUPS = frozenset(("units", "distance", "non-modal"))


class GcodeError(Exception):
    """A line that GRBL refuses; `status` is the number in `error:…`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"error:{status}")
        self.status = status


@dataclass(frozen=True)
class Modes:
    """What stays from line to line. The feed is in mm/min, 0 when undefined."""

    motion: str = "G0"
    coordinates: str = "G54"
    plane: str = "G17"
    units: str = "G21"
    distance: str = "G90"
    spindle: str = "M5"
    coolant: str = "M9"
    tool: int = 0
    feed_mm_min: float = 0.0
    spindle_rpm: float = 0.0

    def describe(self) -> str:
        """The answer to `$G`."""
        return (
            f"[GC:{self.motion} {self.coordinates} {self.plane} {self.units} {self.distance} G94"
            f" {self.spindle} {self.coolant} T{self.tool} F{self.feed_mm_min:.0f}"
            f" S{self.spindle_rpm:.0f}]"
        )


@dataclass
class Words:
    """A line taken apart: commands by modal group, and value words."""

    commands: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """A checked line. `target` is in machine coordinates; None means no motion."""

    modes: Modes
    target: Vector | None = None
    dwell_s: float | None = None
    flow: str = ""
    coolant: str = ""


def split_words(line: str) -> Words:
    """Take a cleaned line apart.

    Raises:
        GcodeError: a malformed, unknown, repeated or conflicting word.
    """
    words = Words()
    position = 0
    while position < len(line):
        if not "A" <= line[position] <= "Z":
            raise GcodeError(EXPECTED_LETTER)
        number = NUMBER.match(line, position + 1)
        if number is None:
            raise GcodeError(BAD_NUMBER)
        _add_word(words, line[position], float(number.group()))
        position = number.end()
    return words


def _add_word(words: Words, letter: str, value: float) -> None:
    if letter in "GM":
        command = f"{letter}{value:g}"
        group = GROUP_OF.get(command)
        if group is None:
            fraction = round(100 * (value - int(value)))
            known = f"{letter}{int(value)}" in GROUP_OF
            raise GcodeError(NOT_INTEGER if fraction > 0 and known else UNSUPPORTED)
        if group in words.commands:
            raise GcodeError(MODAL_GROUP_VIOLATION)
        words.commands[group] = command
        return
    if letter not in "FIJKLNPRSTXYZ":
        raise GcodeError(UNSUPPORTED)
    if letter == "T" and value > 255:
        raise GcodeError(MAX_VALUE_EXCEEDED)
    if letter in words.values:
        raise GcodeError(WORD_REPEATED)
    if letter in "FNPTS" and value < 0:
        raise GcodeError(NEGATIVE_VALUE)
    words.values[letter] = value


def parse_line(line: str, modes: Modes, position: Vector) -> Block:
    """Check one cleaned line against the modes and the parser's position.

    Raises:
        GcodeError: with the status that GRBL answers.
    """
    words = split_words(line)
    return _check(words, _next_modes(words, modes), position)


def parse_jog(line: str, modes: Modes, position: Vector) -> tuple[Vector, float]:
    """Check what follows `$J=`; return target and feed. The modes stay as they were.

    Raises:
        GcodeError: 16 for any command that does not belong into a jog, 22 without a feed.
    """
    words = split_words(line)
    if not words.commands.keys() <= JOG_GROUPS or "G4" in words.commands.values():
        raise GcodeError(INVALID_JOG)
    if "F" not in words.values:
        raise GcodeError(UNDEFINED_FEED)
    if not words.values.keys() & set(AXES):
        raise GcodeError(NO_AXIS_WORDS)
    jog_modes = replace(_next_modes(words, modes), motion="G1")
    _check(words, jog_modes, position)
    return _target(words, jog_modes, position), jog_modes.feed_mm_min


def _next_modes(words: Words, modes: Modes) -> Modes:
    changes = {
        group: command
        for group, command in words.commands.items()
        if group in ("motion", "coordinates", "plane", "units", "distance", "spindle", "coolant")
    }
    modes = replace(modes, **changes)  # type: ignore[arg-type]  # the text fields only
    scale = MM_PER_INCH if modes.units == "G20" else 1.0
    return replace(
        modes,
        feed_mm_min=words.values["F"] * scale if "F" in words.values else modes.feed_mm_min,
        spindle_rpm=words.values.get("S", modes.spindle_rpm),
        tool=int(words.values.get("T", modes.tool)),
    )


def _check(words: Words, modes: Modes, position: Vector) -> Block:
    axis_words = words.values.keys() & set(AXES)
    moves = bool(axis_words) or "motion" in words.commands
    unused = words.values.keys() - set("FNST")
    dwell_s = None
    if words.values.get("N", 0) > 10_000_000:
        raise GcodeError(INVALID_LINE_NUMBER)
    if words.commands.get("non-modal") == "G4":
        if "P" not in words.values:
            raise GcodeError(VALUE_MISSING)
        dwell_s = words.values["P"]
        unused = unused - {"P"}
    target = _target(words, modes, position)
    _check_motion(words, modes, moves, target == position)
    if moves:
        unused = unused - axis_words
    if unused:
        raise GcodeError(UNUSED_WORDS)
    return Block(
        modes=modes,
        target=target if axis_words else None,
        dwell_s=dwell_s,
        flow=words.commands.get("flow", ""),
        coolant=words.commands.get("coolant", ""),
    )


def _check_motion(words: Words, modes: Modes, moves: bool, in_place: bool) -> None:
    axis_words = words.values.keys() & set(AXES)
    if words.commands.get("non-modal") == "G53" and modes.motion not in ("G0", "G1"):
        raise GcodeError(G53_INVALID_MODE)
    if modes.motion == "G80":
        if axis_words:
            raise GcodeError(AXIS_WORDS_EXIST)
        return
    if not moves or modes.motion == "G0":
        return
    if modes.feed_mm_min == 0:
        raise GcodeError(UNDEFINED_FEED)
    if modes.motion.startswith("G38"):
        if not axis_words:
            raise GcodeError(NO_AXIS_WORDS)
        if in_place:
            raise GcodeError(INVALID_TARGET)


def _target(words: Words, modes: Modes, position: Vector) -> Vector:
    scale = MM_PER_INCH if modes.units == "G20" else 1.0
    relative = modes.distance == "G91" and words.commands.get("non-modal") != "G53"
    x, y, z = (
        words.values[axis] * scale + (here if relative else 0.0) if axis in words.values else here
        for axis, here in zip(AXES, position, strict=True)
    )
    return (x, y, z)
