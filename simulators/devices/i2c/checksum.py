"""The checksum of Sensirion's chips: CRC-8, polynomial 0x31, start 0xFF; 0xBEEF gives 0x92."""

from collections.abc import Iterable

POLYNOMIAL = 0x31
START = 0xFF


def crc8(data: bytes) -> int:
    """The checksum of some bytes."""
    crc = START
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ POLYNOMIAL if crc & 0x80 else crc << 1) & 0xFF
    return crc


def checked(words: Iterable[int]) -> bytes:
    """16-bit words as the chips send them: high byte, low byte, checksum."""
    sent = b""
    for word in words:
        raw = word.to_bytes(2, "big")
        sent += raw + bytes([crc8(raw)])
    return sent
