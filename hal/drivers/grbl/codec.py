r"""GRBL's bytes as messages and back. Pure; source in PROTOCOL.md.

Parsing never fails: what is not understood becomes `Garbage`. Lines are split at ``\n`` and ``\r``.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LINE_MAX_CHARACTERS = 79
RX_BUFFER_BYTES = 127
"""Bytes that may be unanswered. The buffer has 128; the last one cannot be used."""

STATUS_QUERY = b"?"
FEED_HOLD = b"!"
RESUME = b"~"
SOFT_RESET = b"\x18"

_LINE_LIMIT = 1024
"""A received line longer than this is noise."""


@dataclass(frozen=True, slots=True)
class Ok:
    """The oldest unanswered line was accepted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """``error:N``."""

    number: int


@dataclass(frozen=True, slots=True)
class Alarm:
    number: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """The controller has started."""

    version: str


@dataclass(frozen=True, slots=True)
class Probed:
    """``[PRB:…]``, in machine coordinates."""

    position: tuple[float, ...]
    contact: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """``$N=value``."""

    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Info:
    """``[MSG:text]`` and its like."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """``<…>``. Positions are in mm (or in the axis's own unit); unset when not in the report."""

    state: str
    substate: int | None = None
    machine_position: tuple[float, ...] | None = None
    work_position: tuple[float, ...] | None = None
    work_offset: tuple[float, ...] | None = None
    planner_free: int | None = None
    rx_free_bytes: int | None = None
    pins: str = ""


@dataclass(frozen=True, slots=True)
class Garbage:
    text: str


Message = Ok | Refused | Alarm | Welcome | Probed | Setting | Info | Status | Garbage


def encode_line(text: str) -> bytes:
    """One line for the controller.

    Raises:
        ValueError: too long, not printable ASCII, or with a realtime character in it.
    """
    if len(text) > LINE_MAX_CHARACTERS:
        raise ValueError(f"a GRBL line has at most {LINE_MAX_CHARACTERS} characters: {text!r}")
    if not re.fullmatch(r"[ -~]*", text) or any(c in text for c in "?!~"):
        raise ValueError(f"a GRBL line is printable ASCII without ? ! ~: {text!r}")
    return text.encode("ascii") + b"\n"


def encode_number(value: float) -> str:
    """A coordinate with three decimals, as GRBL keeps them, never ``-0`` or an exponent.

    Raises:
        ValueError: not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"not a coordinate: {value}")
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


class LineSplitter:
    """Bytes in, whole lines out. Noise without a line end is dropped, so memory stays bounded."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield each complete, not empty line. Bytes outside ASCII become U+FFFD."""
        *whole, rest = re.split(rb"[\r\n]", self._rest + data)
        self._rest = rest if len(rest) <= _LINE_LIMIT else b""
        for line in whole:
            if text := line.decode("ascii", "replace").strip():
                yield text


_PROBE = re.compile(r"([-+0-9.,]+):([01])")
_STATE = re.compile(r"([A-Z][a-z]+)(?::(\d))?")

_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Message | None]], ...] = (
    (re.compile(r"ok"), lambda _: Ok()),
    (re.compile(r"error:(\d{1,3})"), lambda m: Refused(int(m[1]))),
    (re.compile(r"ALARM:(\d{1,3})"), lambda m: Alarm(int(m[1]))),
    (re.compile(r"<(.*)>"), lambda m: _parse_status(m[1])),
    (re.compile(r"\[([A-Za-z0-9]+):(.*)\]"), lambda m: _parse_info(m[1], m[2])),
    (re.compile(r"\$(\d{1,4})=([^ ]*)( .*)?"), lambda m: Setting(int(m[1]), m[2])),
    (re.compile(r".*?(Grbl(?:HAL)? +[0-9]\S*) .*", re.IGNORECASE), lambda m: Welcome(m[1])),
)


def parse_line(line: str) -> Message:
    """What a received line means."""
    for form, build in _FORMS:
        if match := form.fullmatch(line):
            return build(match) or Garbage(line)
    return Garbage(line)


def _parse_info(kind: str, text: str) -> Message:
    if kind == "PRB" and (probe := _PROBE.fullmatch(text)):
        position = _numbers(probe[1])
        if position:
            return Probed(position, probe[2] == "1")
    return Info(kind, text)


def _parse_status(text: str) -> Status | None:
    state, *fields = text.split("|")
    match = _STATE.fullmatch(state)
    if match is None:
        return None
    values = dict(field.partition(":")[::2] for field in fields)
    buffers = _numbers(values.get("Bf", ""))
    return Status(
        state=match[1],
        substate=None if match[2] is None else int(match[2]),
        machine_position=_numbers(values.get("MPos", "")),
        work_position=_numbers(values.get("WPos", "")),
        work_offset=_numbers(values.get("WCO", "")),
        planner_free=int(buffers[0]) if buffers and len(buffers) == 2 else None,
        rx_free_bytes=int(buffers[1]) if buffers and len(buffers) == 2 else None,
        pins=values.get("Pn", ""),
    )


def _numbers(text: str) -> tuple[float, ...] | None:
    """Comma-separated finite numbers, or `None` when there is anything else."""
    if not re.fullmatch(r"[-+]?[0-9.]+(,[-+]?[0-9.]+)*", text):
        return None
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        return None
    return numbers if all(math.isfinite(number) for number in numbers) else None
