"""A line of G-code taken apart into words, with GRBL's own checks and error numbers.

Source: `gcode.c`, step 2 of `gc_execute_line`.
"""

import re
from dataclasses import dataclass, field

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


@dataclass
class Words:
    """A line taken apart: commands by modal group, and value words."""

    commands: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)


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
