"""What mtx, mt and dd say, as values. Pure; every input is untrusted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hal.errors import HalError
from hal.interfaces.tape import TapeStatus

BLOCK_BYTES = 256 * 1024
"""Bytes of a tape block. ``tar`` reads the tape file with ``-b 512`` (512 x 512 bytes)."""

_HEADER = re.compile(
    r"\s*Storage Changer (\S.*):(\d{1,5}) Drives, (\d{1,5}) Slots \( (\d{1,5}) Imp"
)
_DRIVE = re.compile(r"Data Transfer Element (\d{1,5}):(.*)$")
_SLOT = re.compile(r"\s*Storage Element (\d{1,5})(?: IMPORT/EXPORT)?:(.*)$")
_LOADED = re.compile(
    r"^Full \((?:Storage Element (\d{1,5}) Loaded|Unknown Storage Element Loaded)\)"
)
_SLOT_TAG = re.compile(r":VolumeTag=(.*)$")
_DRIVE_TAG = re.compile(r":VolumeTag = (.*)$")
_ALTERNATE_TAG = re.compile(r":?AlternateVolumeTag\s*=.*$")
_POSITION = re.compile(r"File number=(-?\d{1,9}), block number=(-?\d{1,12})")
_DENSITY = re.compile(r"Density code 0x([0-9a-fA-F]{1,2})(?: \(([^)]{1,60})\))?")
_RECORDS_OUT = re.compile(r"^(\d{1,15})\+(\d{1,15}) records out$")
_TAG_MAX = 40

DENSITIES = {0x58: "LTO-5", 0x5A: "LTO-6", 0x5C: "LTO-7", 0x5D: "LTO-M8", 0x5E: "LTO-8"}


@dataclass(frozen=True, slots=True)
class Elements:
    """A changer's elements by their own numbers: drives from 0, slots from 1."""

    drives: dict[int, str | None] = field(default_factory=dict)
    """Barcode ("" without one), or `None` for an empty drive."""
    slots: dict[int, str | None] = field(default_factory=dict)
    sources: dict[int, int] = field(default_factory=dict)
    """Drive to the slot that its cartridge came from."""


def write_argv(device: str) -> tuple[str, ...]:
    """dd's words for one tape file from standard input, its last block filled with zeros.

    ``nocreat``: without the device, no plain file of its name is made.
    """
    return (
        f"of={device}",
        f"bs={BLOCK_BYTES}",
        "iflag=fullblock",
        "conv=sync,nocreat,notrunc",
    )


def read_argv(device: str) -> tuple[str, ...]:
    return (f"if={device}", f"bs={BLOCK_BYTES}")


def slot_name(number: int) -> str:
    return f"t{number:02d}"


def parse_elements(lines: Sequence[str]) -> Elements:
    """What ``mtx status`` says. Lines that it does not know are passed over.

    Raises:
        HalError: 1042 no header, an element twice, or not as many elements as the header says.
    """
    counts: tuple[int, int] | None = None
    found = Elements()
    for line in lines:
        if header := _HEADER.match(line):
            counts = (int(header[2]), int(header[3]))
        elif drive := _DRIVE.match(line):
            number, text = int(drive[1]), drive[2]
            _put(found.drives, number, _drive_content(text), line)
            if (loaded := _LOADED.match(text)) and loaded[1]:
                found.sources[number] = int(loaded[1])
        elif slot := _SLOT.match(line):
            _put(found.slots, int(slot[1]), _slot_content(slot[2]), line)
    if counts is None:
        raise HalError(
            1042, "mtx does not say what the tape unit holds", "; ".join(lines[:3])[:300]
        )
    if (len(found.drives), len(found.slots)) != counts:
        raise HalError(
            1042,
            "mtx does not name every element of the tape unit",
            f"it announces {counts[0]} drives and {counts[1]} slots, "
            f"and names {len(found.drives)} and {len(found.slots)}",
        )
    return found


def _put(into: dict[int, str | None], number: int, content: str | None, line: str) -> None:
    if number in into:
        raise HalError(1042, "mtx names an element twice", line[:200])
    into[number] = content


def _drive_content(text: str) -> str | None:
    if text.strip() == "Empty":
        return None
    if not text.startswith("Full"):
        raise HalError(1042, "mtx says of a tape drive what nobody knows", text[:200])
    return _tag(_DRIVE_TAG, text)


def _slot_content(text: str) -> str | None:
    if text.strip() == "Empty" or text.startswith("Empty:"):
        return None
    if not text.startswith("Full"):
        raise HalError(1042, "mtx says of a tape slot what nobody knows", text[:200])
    return _tag(_SLOT_TAG, text)


def _tag(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(_ALTERNATE_TAG.sub("", text))
    tag = found[1].strip() if found else ""
    if len(tag) > _TAG_MAX or not tag.isprintable():
        raise HalError(1042, "mtx tells a barcode that is none", repr(tag[:80]))
    return tag


def parse_status(lines: Sequence[str]) -> TapeStatus:
    """What ``mt status`` says.

    Raises:
        HalError: 1042 it has neither a position nor status bits.
    """
    text = "\n".join(lines)
    position = _POSITION.search(text)
    bits = _status_bits(lines)
    if position is None or bits is None:
        raise HalError(1042, "mt does not say how the tape stands", text[:300])
    density = _DENSITY.search(text)
    return TapeStatus(
        online="ONLINE" in bits and "DR_OPEN" not in bits,
        file_number=max(-1, int(position[1])),
        block_number=max(-1, int(position[2])),
        write_protected="WR_PROT" in bits,
        at_end_of_data="EOD" in bits,
        density=_density(density),
    )


def _status_bits(lines: Sequence[str]) -> frozenset[str] | None:
    for number, line in enumerate(lines):
        if line.startswith("General status bits on"):
            return frozenset(" ".join(lines[number + 1 : number + 3]).split())
    return None


def _density(found: re.Match[str] | None) -> str:
    if found is None:
        return ""
    return DENSITIES.get(int(found[1], 16), found[2] or "")


def records_out(lines: Sequence[str]) -> int | None:
    """Blocks that dd wrote, whole or not, by its last account; `None` when it gives none."""
    for line in reversed(lines):
        if found := _RECORDS_OUT.match(line.strip()):
            return int(found[1]) + int(found[2])
    return None


# What a failure means ----------------------------------------------------------------------------

_NO_CARTRIDGE = ("no medium found", "no such device or address")
_PROTECTED = ("read-only file system", "permission denied", "operation not permitted")
_BUSY = ("device or resource busy",)
_ABSENT = ("no such file or directory", "no such device")
_FULL = ("no space left on device",)
_MOVES = tuple(
    (re.compile(pattern), code, reason)
    for pattern, code, reason in (
        (r"Drive \d+ Full", 2141, "the drive holds another cartridge"),
        (r"Element (Address )?\d+ is Already Full", 2143, "the place is taken"),
        (r"Element (Address )?\d+ is Empty", 2140, "there is no cartridge to move"),
        (r"needs offline before move", 2145, "the drive holds the cartridge fast"),
        (r"cannot open SCSI device|not an sg device", 2144, "the tape unit cannot be reached"),
        (r"(INQUIRY|READ ELEMENT STATUS) [Cc]ommand Failed", 2144, "the tape unit does not answer"),
        (r"(?i)(invalid|illegal) <[a-z-]+> argument", 2146, "the tape unit has no such place"),
    )
)


def classify_tape(lines: Sequence[str], otherwise: int) -> tuple[int, str]:
    """Error number and reason for a failed mt or dd; `otherwise` when the words are not known."""
    text = " ".join(lines).lower()
    for words, code, reason in (
        (_NO_CARTRIDGE, 3250, "it holds no cartridge"),
        (_BUSY, 3256, "it is busy"),
        (_FULL, 3253, "the cartridge is full"),
        (_PROTECTED, 3251, "the cartridge is write-protected"),
        (_ABSENT, 3257, "it is not there"),
    ):
        if any(word in text for word in words):
            return code, reason
    return otherwise, {
        3252: "writing failed",
        3254: "there is no such tape file",
        3255: "reading failed",
        3257: "it does not do what it is told",
    }[otherwise]


def classify_move(lines: Sequence[str]) -> tuple[int, str]:
    """Error number and reason for a failed ``mtx load`` or ``unload``."""
    text = " ".join(lines)
    for pattern, code, reason in _MOVES:
        if pattern.search(text):
            return code, reason
    sense = sense_codes(lines)
    told = ", ".join(f"{code:02X}/{qualifier:02X}" for code, qualifier in sorted(sense))
    return 2142, f"the move failed, sense {told}" if told else "the move failed"


def sense_codes(lines: Sequence[str]) -> frozenset[tuple[int, int]]:
    """Additional sense code and qualifier of mtx's ``mtx: Request Sense:`` lines."""
    text = " ".join(lines)
    codes = re.findall(r"Additional Sense Code = ([0-9A-Fa-f]{2})", text)
    qualifiers = re.findall(r"Additional Sense Qualifier = ([0-9A-Fa-f]{2})", text)
    return frozenset(
        (int(code, 16), int(qualifier, 16))
        for code, qualifier in zip(codes, qualifiers, strict=False)
    )
