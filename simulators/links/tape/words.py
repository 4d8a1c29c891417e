"""dd's operands, as far as tapes need them."""

from dataclasses import dataclass, field

SCALES = {
    "c": 1, "w": 2, "b": 512, "k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "kB": 1000, "MB": 10**6, "GB": 10**9,
}  # fmt: skip
DEFAULT_BLOCK = 512


class OperandError(Exception):
    """What dd says of a wrong operand."""


@dataclass
class Operands:
    """What is read and written, in which blocks."""

    source: str = ""
    target: str = ""
    block_bytes: int = DEFAULT_BLOCK
    count: int | None = None
    status: str = ""
    flags: set[str] = field(default_factory=set)


def parse_operands(argv: tuple[str, ...]) -> Operands:
    """Understand the words after `dd`.

    Raises:
        OperandError: unknown, or for something else than streams and tapes.
    """
    found = Operands()
    for word in argv:
        name, equals, value = word.partition("=")
        if not equals:
            raise OperandError(f"unrecognized operand '{word}'")
        if name == "if":
            found.source = value
        elif name == "of":
            found.target = value
        elif name in ("bs", "ibs", "obs"):
            found.block_bytes = parse_size(value)
        elif name == "count":
            found.count = parse_size(value)
        elif name == "status":
            found.status = value
        elif name in ("iflag", "oflag", "conv"):
            found.flags |= set(value.split(","))
        else:
            raise OperandError(f"unrecognized operand '{word}'")
    return found


def parse_size(text: str) -> int:
    """Bytes of `262144`, `256k`, `1M` …"""
    digits = text.rstrip("cwbkKMGiB")
    scale = SCALES.get(text[len(digits) :], 0) if digits != text else 1
    if not digits.isdigit() or not scale or not int(digits):
        raise OperandError(f"invalid number: '{text}'")
    return int(digits) * scale
