"""YRM100: reader of UHF tags that answers when asked, 115200 8N1.

Frames: 0xBB, type (0 command, 1 response, 2 notice), command, length (two bytes, high first),
payload, sum (low byte of the sum of type to payload), 0x7E. A poll brings a notice for each tag
in the field: signal, protocol control word, 12 bytes of identity (EPC), CRC-16; without a tag
it brings the error 0x15. A frame that makes no sense brings the error 0x17.

Modelled are single poll, multi poll, stop, and the question for the module's versions. Not
modelled: writing and locking tags, selecting, transmit power, frequency hopping. How
long a round takes is in no source that was at hand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BEGIN, END = 0xBB, 0x7E
COMMAND, RESPONSE, NOTICE = 0, 1, 2
INFO, SINGLE_POLL, MULTI_POLL, STOP, ERROR = 0x03, 0x22, 0x27, 0x28, 0xFF
NO_TAG, BAD_COMMAND = 0x15, 0x17
VERSIONS = {0: b"YRM100 26dBm V1.0", 1: b"V2.3.5", 2: b"Stele simulated"}
ROUND_S = 0.03
RSSI = 0xC9
"""-55 dBm, in two's complement."""
PROTOCOL_CONTROL = b"\x30\x00"
"""EPC of six words, nothing else on the tag."""
LONGEST_BYTES = 256
"""Bytes without a frame in them that the reader keeps before it forgets them."""


@dataclass(frozen=True)
class Field:
    """What the reader's field has in it."""

    tags: Sequence[str] = ()
    """24 capital hex digits each."""
    garbled: bool = False
    """Something disturbs the line: bytes of the frame come wrong."""


@dataclass(frozen=True)
class Outputs:
    sent: bytes
    wake_s: float


class Yrm100:
    """One reader."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._rounds = 0
        self._round_s = math.inf

    def update(self, now_s: float, field: Field, received: bytes = b"") -> Outputs:
        """Take bytes, and end the rounds that are due."""
        self._received += received
        sent = b""
        while frame := self._take_frame():
            sent += self._obey(now_s, frame)
        while self._round_s <= now_s:
            sent += _poll(field)
            self._rounds -= 1
            self._round_s = self._round_s + ROUND_S if self._rounds else math.inf
        return Outputs(sent, self._round_s)

    def _take_frame(self) -> bytes:
        """The next whole frame, type to sum; bytes before its beginning are dropped."""
        start = self._received.find(BEGIN)
        del self._received[: start if start >= 0 else len(self._received)]
        if len(self._received) < 5:
            return b""
        length = int.from_bytes(self._received[3:5], "big")
        if length > LONGEST_BYTES:
            del self._received[0]
            return bytes((COMMAND, ERROR, 0, 0, 0))
        if len(self._received) < length + 7:
            return b""
        frame = bytes(self._received[1 : length + 6])
        whole = self._received[length + 6] == END
        del self._received[: length + 7 if whole else 1]
        return frame if whole else bytes((COMMAND, ERROR, 0, 0, 0))

    def _obey(self, now_s: float, frame: bytes) -> bytes:
        kind, command, payload = frame[0], frame[1], frame[4:-1]
        if kind != COMMAND or sum(frame[:-1]) & 0xFF != frame[-1]:
            return error(BAD_COMMAND)
        if command == SINGLE_POLL and not payload:
            self._begin(now_s, 1)
        elif command == MULTI_POLL and len(payload) == 3 and payload[0] == 0x22:
            self._begin(now_s, int.from_bytes(payload[1:], "big"))
        elif command == STOP and not payload:
            self._begin(now_s, 0)
            return encode(RESPONSE, STOP, b"\0")
        elif command == INFO and len(payload) == 1 and payload[0] in VERSIONS:
            return encode(RESPONSE, INFO, payload + VERSIONS[payload[0]])
        else:
            return error(BAD_COMMAND)
        return b""

    def _begin(self, now_s: float, rounds: int) -> None:
        self._rounds = rounds
        self._round_s = now_s + ROUND_S if rounds else math.inf


def encode(kind: int, command: int, payload: bytes) -> bytes:
    """A frame."""
    body = bytes((kind, command)) + len(payload).to_bytes(2, "big") + payload
    return bytes((BEGIN, *body, sum(body) & 0xFF, END))


def error(code: int) -> bytes:
    """The frame that says what went wrong."""
    return encode(RESPONSE, ERROR, bytes([code]))


def crc16(data: bytes) -> int:
    """Checksum of a tag: polynomial 0x1021, start and final XOR 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc ^ 0xFFFF


def _poll(field: Field) -> bytes:
    """One round: a notice for each tag, or the error that there is none."""
    if not field.tags:
        return error(NO_TAG)
    frames = b""
    for tag in field.tags:
        stored = PROTOCOL_CONTROL + bytes.fromhex(tag)
        payload = bytes([RSSI]) + stored + crc16(stored).to_bytes(2, "big")
        frames += (
            _garble(encode(NOTICE, SINGLE_POLL, payload))
            if field.garbled
            else encode(NOTICE, SINGLE_POLL, payload)
        )
    return frames


def _garble(frame: bytes) -> bytes:
    """One byte of the identity comes wrong, so that the sum does not fit."""
    return frame[:12] + bytes([frame[12] ^ 0x10]) + frame[13:]
