"""The words of xorriso and what its answers mean. Pure; source in PROTOCOL.md."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hal.interfaces.optical_drive import SECTOR_BYTES, Disc, DiscStatus

MEBIBYTE = 1 << 20

PROGRAM_BUFFER = "64m"


def toc_argv(device: str) -> tuple[str, ...]:
    """Load the tray and report the disc."""
    return ("-no_rc", "-outdev", device, "-toc")


def eject_argv(device: str) -> tuple[str, ...]:
    return ("-no_rc", "-outdev", device, "-eject", "out")


def burn_argv(device: str, size_bytes: int, speed: float | None) -> tuple[str, ...]:
    """Write standard input, exactly `size_bytes` of it, and close the disc."""
    return (
        *("-no_rc", "-as", "cdrecord", "-v", f"dev={device}", f"fs={PROGRAM_BUFFER}"),
        f"tsize={size_bytes // SECTOR_BYTES}s",
        *([] if speed is None else [f"speed={speed:g}"]),
        *("-nopad", "-"),
    )


@dataclass(frozen=True, slots=True)
class Update:
    """One progress line. `written_bytes` is rounded down to whole MiB by the program."""

    written_bytes: int
    fifo_pct: int | None
    buffer_pct: int | None


_UPDATE = re.compile(
    r"UPDATE : +(\d{1,9})(?: of +\d{1,9})? MB written"
    r"(?: \(fifo +(\d{1,3})%\))?(?: +\[buf +(\d{1,3})%\])?"
)
_FIELD = re.compile(r"(Media [a-z]+) *: *(.*)")
_BLOCKS = re.compile(r"(\d+) readable , (\d+) (?:writable|unused) , (\d+) overall")
_SUMMARY = re.compile(r"(\d+) sessions?, (\d+) data blocks")
_SENSE = re.compile(r"\[([0-9A-F]) ([0-9A-F]{2}) ([0-9A-F]{2})\]")
_BUSY = re.compile(r"Cannot open busy device|Device busy\. Failed to fcntl-lock")
_ACQUIRE = re.compile(r"Cannot acquire drive|is not an MMC drive|File object '.*' not found")


def parse_update(line: str) -> Update | None:
    """The figures of an UPDATE line; `None` for any other line."""
    if (match := _UPDATE.search(line)) is None:
        return None
    written, fifo, buffer = (None if text is None else int(text) for text in match.groups())
    return Update((written or 0) * MEBIBYTE, fifo, buffer)


def parse_toc(lines: Iterable[str]) -> Disc | None:
    """What a ``-toc`` report says of the disc; `None` when it says nothing."""
    fields = {m[1]: m[2].strip() for line in lines if (m := _FIELD.match(line))}
    text = fields.get("Media status")
    if text is None:
        return None
    blocks = _BLOCKS.match(fields.get("Media blocks", ""))
    readable, writable = (int(blocks[1]), int(blocks[2])) if blocks else (None, None)
    damaged = "next track is damaged" in text or "no writable address" in text
    status = _status(text)
    if status is DiscStatus.APPENDABLE and not damaged and readable == 0 and _nothing_on(fields):
        status = DiscStatus.BLANK
    profile = fields.get("Media current", "")
    return Disc(
        status=status,
        profile="" if profile.startswith("is not") else profile,
        capacity_bytes=_capacity(status, writable),
        written_bytes=None if readable is None else readable * SECTOR_BYTES,
        damaged=damaged,
    )


def _status(text: str) -> DiscStatus:
    if text.startswith("is blank"):
        return DiscStatus.BLANK
    if text.startswith("is written , is appendable"):
        return DiscStatus.APPENDABLE
    if text.startswith("is written , is closed"):
        return DiscStatus.CLOSED
    return DiscStatus.ABSENT if text.startswith("is not present") else DiscStatus.UNREADABLE


def _nothing_on(fields: dict[str, str]) -> bool:
    """A freshly formatted BD-R claims to be appendable, with one session of nothing."""
    summary = _SUMMARY.match(fields.get("Media summary", ""))
    return summary is not None and int(summary[1]) <= 1 and int(summary[2]) == 0


def _capacity(status: DiscStatus, writable: int | None) -> int | None:
    if writable is None or status not in (DiscStatus.BLANK, DiscStatus.APPENDABLE):
        return None
    return writable * SECTOR_BYTES


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a run failed: a row of the error table, and a clause that begins with the drive."""

    code: int
    reason: str


_SENSES = {
    "3A": Fault(3203, "there is no disc in it"),
    "04": Fault(3201, "it is not ready"),
    "0C": Fault(3206, "it could not write"),
    "72": Fault(3206, "it could not close the session"),
    "73": Fault(3207, "it could not adjust its laser to the disc"),
    "30": Fault(3207, "the disc does not suit it"),
    "11": Fault(3209, "it could not read a sector"),
}
"""By additional sense code."""

_TEXTS: Sequence[tuple[re.Pattern[str], Fault]] = (
    (_BUSY, Fault(3202, "it is busy with another program")),
    (re.compile(r"Lost connection to drive"), Fault(3213, "it was lost")),
    (re.compile(r"MEDIA: no writeable media"), Fault(3203, "there is no disc in it")),
    (re.compile(r"MEDIA: closed|Closed media with data"), Fault(3204, "the disc is not blank")),
    (re.compile(r"exceeds free space on media"), Fault(3205, "the disc is too small")),
    (re.compile(r"Premature end of input"), Fault(3208, "the data ended early")),
    (_ACQUIRE, Fault(3201, "it cannot be used")),
)


def classify(lines: Sequence[str], otherwise: Fault) -> Fault:
    """The first known cause in a failed run's output: a sense code counts before any text."""
    for line in lines:
        if (sense := _SENSE.search(line)) and sense[2] in _SENSES:
            return _SENSES[sense[2]]
    for pattern, fault in _TEXTS:
        if any(pattern.search(line) for line in lines):
            return fault
    return otherwise


def has_begun_writing(lines: Iterable[str]) -> bool:
    """Whether a burn went so far that its disc is spoiled when it fails."""
    return any(line.startswith("Beginning to write") for line in lines)


def complaints(lines: Iterable[str]) -> str:
    """The lines of a run that tell of problems, for an engineer."""
    words = (" : SORRY : ", " : FAILURE : ", " : FATAL : ", " : ABORT : ", " : MISHAP : ")
    return "; ".join(line for line in lines if any(word in line for word in words))[:1000]
