"""RDM6300: reader of 125 kHz tags that speaks by itself, 9600 8N1.

While a tag is in its field it sends the tag's frame again and again: 0x02, ten hex digits
(version and four bytes of identity), two hex digits (XOR of those five bytes), 0x03. It
understands nothing.

With several tags in the field the stronger one wins; here that is now one and now another.
Not modelled: the field's reach, and tags of other kinds. How often the frame is repeated
is in no source that was at hand; a tag counts as gone after 220 ms, so it is less than that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

REPEAT_S = 0.1
HEAD, TAIL = b"\x02", b"\x03"


@dataclass(frozen=True)
class Field:
    """What the reader's field has in it."""

    tags: Sequence[str] = ()
    """Ten capital hex digits each."""
    garbled: bool = False
    """Something disturbs it: characters of the frame come wrong."""


@dataclass(frozen=True)
class Outputs:
    sent: bytes
    wake_s: float


class Rdm6300:
    """One reader."""

    def __init__(self) -> None:
        self._next_s = -math.inf
        self._frames = 0

    def update(self, now_s: float, field: Field, received: bytes = b"") -> Outputs:
        """Send the frame that is due. Called late, it sends one frame, not all it missed."""
        del received
        if not field.tags:
            return Outputs(b"", math.inf)
        if now_s < self._next_s:
            return Outputs(b"", self._next_s)
        self._next_s = now_s + REPEAT_S
        tag = field.tags[self._frames % len(field.tags)]
        self._frames += 1
        frame = encode(tag)
        return Outputs(_garble(frame) if field.garbled else frame, self._next_s)


def encode(tag: str) -> bytes:
    """The frame of a tag."""
    checksum = 0
    for byte in bytes.fromhex(tag):
        checksum ^= byte
    return HEAD + f"{tag}{checksum:02X}".encode("ascii") + TAIL


def _garble(frame: bytes) -> bytes:
    """One digit read as another, so that the checksum does not fit."""
    digit = b"0" if frame[5:6] != b"0" else b"8"
    return frame[:5] + digit + frame[6:]
