"""GRBL's G-code parser for the commands modelled here: one line in, one checked block out.

Error numbers and the order of the checks are those of `gcode.c`.
"""

from dataclasses import dataclass, replace

from simulators.devices.grbl.motion import Vector
from simulators.devices.grbl.words import (
    AXIS_WORDS_EXIST,
    G53_INVALID_MODE,
    INVALID_JOG,
    INVALID_LINE_NUMBER,
    INVALID_TARGET,
    JOG_GROUPS,
    NO_AXIS_WORDS,
    UNDEFINED_FEED,
    UNUSED_WORDS,
    VALUE_MISSING,
    GcodeError,
    Words,
    split_words,
)

MM_PER_INCH = 25.4
AXES = "XYZ"


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


@dataclass(frozen=True)
class Block:
    """A checked line. `target` is in machine coordinates; None means no motion."""

    modes: Modes
    target: Vector | None = None
    dwell_s: float | None = None
    flow: str = ""
    coolant: str = ""


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
