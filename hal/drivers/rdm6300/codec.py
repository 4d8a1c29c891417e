"""Frames of an RDM6300 and the tags in them. Pure. PROTOCOL.md names the sources."""

import re

START = 0x02
END = 0x03
FRAME_BYTES = 14
_DIGITS = re.compile(rb"[0-9A-Fa-f]{12}")


def encode_frame(tag: str) -> bytes:
    """The frame in which a reader tells this tag of ten hex digits."""
    checksum = _checksum(bytes.fromhex(tag))
    return bytes([START]) + f"{tag}{checksum:02X}".encode("ascii") + bytes([END])


def decode_frame(frame: bytes) -> str | None:
    """The tag as ten capital hex digits; `None` when anything about the frame is wrong."""
    if len(frame) != FRAME_BYTES or frame[0] != START or frame[-1] != END:
        return None
    digits = frame[1:-1]
    if not _DIGITS.fullmatch(digits):
        return None
    *content, checksum = bytes.fromhex(digits.decode("ascii"))
    return digits[:10].decode("ascii").upper() if _checksum(bytes(content)) == checksum else None


def _checksum(content: bytes) -> int:
    checksum = 0
    for byte in content:
        checksum ^= byte
    return checksum


class FrameSplitter:
    """Bytes in, tags out; what is no frame is counted in `damaged`.

    The first frame may have begun before we listened: what comes before a first start byte is
    no damage.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._frame = bytearray()
        self._began = False

    def feed(self, data: bytes) -> list[str]:
        tags = []
        for byte in data:
            if byte == START:
                self._drop()
                self._began = True
            elif not self._frame:
                self.damaged += self._began
                continue
            self._frame.append(byte)
            if len(self._frame) == FRAME_BYTES or byte == END:
                tag = decode_frame(bytes(self._frame))
                if tag is None:
                    self._drop()
                else:
                    self._frame.clear()
                    tags.append(tag)
        return tags

    def _drop(self) -> None:
        self.damaged += bool(self._frame)
        self._frame.clear()
