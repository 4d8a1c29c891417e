"""MQTT 3.1.1 as bytes: the packets that a publisher needs, pure.

Source: OASIS MQTT Version 3.1.1 (29 October 2014), sections 2 and 3. Only what the fleet uses:
clean sessions, QoS 0 and 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 12, 13, 14
MAX_PACKET_BYTES = 16 << 20

PING = bytes([PINGREQ << 4, 0])
GOODBYE = bytes([DISCONNECT << 4, 0])


class ProtocolError(Exception):
    """The broker sent what is not MQTT 3.1.1, or refuses us."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained and with QoS 1, when the connection breaks."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it came."""

    kind: int
    flags: int
    body: bytes


def connect(
    client_id: str, keepalive_s: int, user: str | None, password: str | None, will: Will | None
) -> bytes:
    """Section 3.1. With a clean session, and without a will unless one is given."""
    flags = 0x02
    payload = _text(client_id)
    if will is not None:
        flags |= 0x04 | 0x08 | 0x20  # will, with QoS 1, retained
        payload += _text(will.topic) + len(will.payload).to_bytes(2, "big") + will.payload
    if user is not None:
        flags |= 0x80
        payload += _text(user)
    if password is not None:
        flags |= 0x40
        payload += _text(password)
    head = _text("MQTT") + bytes([4, flags]) + keepalive_s.to_bytes(2, "big")
    return _packet(CONNECT << 4, head + payload)


def subscribe(packet_id: int, topic: str, qos: int) -> bytes:
    """Section 3.8."""
    return _packet(SUBSCRIBE << 4 | 2, packet_id.to_bytes(2, "big") + _text(topic) + bytes([qos]))


def publish(topic: bytes, payload: bytes, packet_id: int = 0, *, retain: bool = False) -> bytes:
    """Section 3.3. QoS 1 with a packet id, QoS 0 without (0 is none)."""
    head = len(topic).to_bytes(2, "big") + topic
    if packet_id:
        head += packet_id.to_bytes(2, "big")
    first = PUBLISH << 4 | (2 if packet_id else 0) | (1 if retain else 0)
    return bytes([first]) + _length(len(head) + len(payload)) + head + payload


def puback(packet_id: int) -> bytes:
    """Section 3.4."""
    return bytes([PUBACK << 4, 2]) + packet_id.to_bytes(2, "big")


def read_connack(packet: Packet) -> None:
    """Raises ProtocolError: the broker refuses the connection (section 3.2.2.3)."""
    if packet.kind != CONNACK or len(packet.body) != 2:
        raise ProtocolError(f"packet {packet.kind} in the place of a CONNACK")
    if packet.body[1]:
        raise ProtocolError(f"the broker refuses the connection: return code {packet.body[1]}")


def read_id(packet: Packet) -> int:
    """The packet id at the beginning of an acknowledgement."""
    if len(packet.body) < 2:
        raise ProtocolError(f"packet {packet.kind} without an id")
    return int.from_bytes(packet.body[:2], "big")


def read_publish(packet: Packet) -> tuple[str, bytes, int]:
    """Topic, payload and packet id (0 with QoS 0)."""
    end = 2 + int.from_bytes(packet.body[:2], "big")
    start = end + (2 if packet.flags & 0x06 else 0)
    if len(packet.body) < start:
        raise ProtocolError("a PUBLISH that ends in its head")
    packet_id = int.from_bytes(packet.body[end:start], "big")
    return packet.body[2:end].decode("utf-8", "replace"), packet.body[start:], packet_id


class Decoder:
    """Packets out of bytes that come in any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that are complete now. Raises ProtocolError."""
        self._buffer += data
        start = 0
        while (found := self._head(start)) is not None:
            first, begins, size_bytes = found
            if len(self._buffer) < begins + size_bytes:
                break
            start = begins + size_bytes
            yield Packet(first >> 4, first & 0x0F, bytes(self._buffer[begins:start]))
        del self._buffer[:start]

    def _head(self, start: int) -> tuple[int, int, int] | None:
        """First byte, where the body begins, its size; section 2.2.3."""
        size_bytes = 0
        for place in range(4):
            at = start + 1 + place
            if at >= len(self._buffer):
                return None
            size_bytes |= (self._buffer[at] & 0x7F) << 7 * place
            if not self._buffer[at] & 0x80:
                if size_bytes > MAX_PACKET_BYTES:
                    raise ProtocolError(f"a packet of {size_bytes} bytes")
                return self._buffer[start], at + 1, size_bytes
        raise ProtocolError("a remaining length of more than four bytes")


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(size_bytes: int) -> bytes:
    found = bytearray()
    while True:
        size_bytes, digit = divmod(size_bytes, 128)
        found.append(digit | (0x80 if size_bytes else 0))
        if not size_bytes:
            return bytes(found)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded
