"""Frames of a YRM100 and the tags in them. Pure. PROTOCOL.md names the sources."""

from dataclasses import dataclass

START = 0xBB
END = 0x7E
COMMAND = 0x00
RESPONSE = 0x01
NOTICE = 0x02

SINGLE_POLL = 0x22
FAILED = 0xFF

NO_TAG = 0x15
FAULTS = {0x09: "reading", 0x10: "writing", 0x17: "command", 0x20: "frequency hopping"}

_HEADER_BYTES = 5
_TRAILER_BYTES = 2
PAYLOAD_MAX_BYTES = 256
"""Longer than anything this reader says; a length beyond it is damage."""
_EPC_MAX_BYTES = 62


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    command: int
    payload: bytes = b""


def encode_frame(frame: Frame) -> bytes:
    body = bytes([frame.kind, frame.command]) + len(frame.payload).to_bytes(2, "big")
    body += frame.payload
    return bytes([START]) + body + bytes([sum(body) & 0xFF, END])


def decode_tag(payload: bytes) -> str | None:
    """The EPC in a notice, in capital hex digits; `None` when its checksum or length is wrong.

    A notice holds one byte of signal strength, the tag's protocol control word, its EPC and the
    checksum that the tag itself sent over both.
    """
    if len(payload) < 5:
        return None
    control, epc, checksum = payload[1:3], payload[3:-2], payload[-2:]
    words = control[0] >> 3
    if not 0 < len(epc) <= _EPC_MAX_BYTES or len(epc) != 2 * words:
        return None
    if crc16(control + epc) != int.from_bytes(checksum, "big"):
        return None
    return epc.hex().upper()


def crc16(data: bytes) -> int:
    """CRC-16 of the air interface: polynomial 0x1021, start FFFF, inverted at the end."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc ^ 0xFFFF


class FrameSplitter:
    """Bytes in, frames out; what is no good frame is counted in `damaged`."""

    def __init__(self) -> None:
        self.damaged = 0
        self._data = bytearray()

    def drop(self) -> None:
        """Nothing follows any more: a frame that is not whole is damage."""
        self.damaged += bool(self._data)
        self._data.clear()

    def feed(self, data: bytes) -> list[Frame]:
        self._data += data
        frames = []
        while self._find_start():
            length = int.from_bytes(self._data[3:5], "big")
            whole = _HEADER_BYTES + length + _TRAILER_BYTES
            if length <= PAYLOAD_MAX_BYTES and len(self._data) < whole:
                break
            frame = self._data[:whole]
            if length <= PAYLOAD_MAX_BYTES and _is_good(frame):
                frames.append(Frame(frame[1], frame[2], bytes(frame[5:-2])))
                del self._data[:whole]
            else:
                self.damaged += 1
                del self._data[0]
        return frames

    def _find_start(self) -> bool:
        """Let go of what comes before a start byte; whether a header is there."""
        at = self._data.find(START)
        strange = len(self._data) if at < 0 else at
        self.damaged += strange > 0
        del self._data[:strange]
        return len(self._data) >= _HEADER_BYTES


def _is_good(frame: bytearray) -> bool:
    return frame[-1] == END and frame[-2] == sum(frame[1:-2]) & 0xFF
