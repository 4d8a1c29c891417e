"""xorriso's command line, as far as a burner in a cabinet needs it."""

from dataclasses import dataclass, replace
from enum import Enum, auto

SECTOR_BYTES = 2048
SCALES = {"s": SECTOR_BYTES, "d": 512, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
PLAIN_OPTIONS = frozenset(("-v", "-nopad", "-dao", "-sao", "-tao", "--", "-waiti", "-force"))
VALUE_OPTIONS = ("fs=", "padsize=", "driveropts=", "stream_recording=", "gracetime=")


class Verb(Enum):
    TOC = auto()
    EJECT = auto()
    BURN = auto()


@dataclass(frozen=True)
class Request:
    """What is to be done, in this order: burn, report, eject."""

    device: str = ""
    verbs: tuple[Verb, ...] = ()
    cdrecord: bool = False
    size_bytes: int | None = None
    speed: float | None = None
    pad: bool = True


class WordError(Exception):
    """A command line that xorriso refuses; the message is xorriso's."""


def parse_words(argv: tuple[str, ...]) -> Request:
    """Understand the arguments after the program's name.

    Raises:
        WordError: an unknown word.
    """
    words = list(argv)
    request = Request()
    while words:
        word = words.pop(0)
        if word in ("-no_rc", "--"):
            continue
        if word == "-as":
            return _parse_cdrecord(words)
        if word == "-toc":
            request = replace(request, verbs=(*request.verbs, Verb.TOC))
        elif word in ("-outdev", "-dev", "-eject"):
            value = words.pop(0) if words else ""
            if word == "-eject":
                request = replace(request, verbs=(*request.verbs, Verb.EJECT))
            else:
                request = replace(request, device=value)
        else:
            raise WordError(f"Not a known command:  '{word}'")
    return request


def _parse_cdrecord(words: list[str]) -> Request:
    personality = words.pop(0) if words else ""
    if personality != "cdrecord":
        raise WordError(f"-as : Not a known emulation personality: '{personality}'")
    request = Request(cdrecord=True)
    for word in words:
        request = _add_option(request, word)
    return request


def _add_option(request: Request, word: str) -> Request:
    name, equals, value = word.partition("=")
    if word == "-":
        return replace(request, verbs=(Verb.BURN, *request.verbs))
    if word == "-toc":
        return replace(request, verbs=(*request.verbs, Verb.TOC))
    if word == "-eject":
        return replace(request, verbs=(*request.verbs, Verb.EJECT))
    if equals and name in ("dev", "tsize", "speed"):
        return _add_value(request, name, value)
    if word not in PLAIN_OPTIONS and not word.startswith(VALUE_OPTIONS):
        raise WordError(f"-as cdrecord: Unknown option '{word}'")
    no_pad = word in ("-nopad", "padsize=0")
    return replace(request, pad=False) if no_pad else request


def _add_value(request: Request, name: str, value: str) -> Request:
    if name == "dev":
        return replace(request, device=value)
    try:
        if name == "speed":
            return replace(request, speed=float(value))
        return replace(request, size_bytes=_parse_size(value))
    except ValueError:
        raise WordError(f"-as cdrecord: Bad value in '{name}={value}'") from None


def _parse_size(text: str) -> int:
    scale = SCALES.get(text[-1:].lower())
    return int(text[:-1]) * scale if scale else int(text)
