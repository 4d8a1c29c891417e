"""Words on the wire of Sensirion's sensors: two bytes, most significant first, and their checksum.

Source: Sensirion/embedded-common, `sensirion_common`: CRC-8, polynomial 0x31, start 0xFF, nothing
reflected, no final XOR. The data sheets' example: BEEF has 92. Pure.
"""

from hal.errors import HalError

WORD_BYTES = 3
_POLYNOMIAL = 0x31
_START = 0xFF


def crc8(data: bytes) -> int:
    crc = _START
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ _POLYNOMIAL if crc & 0x80 else crc << 1) & 0xFF
    return crc


def encode_command(command: int, *arguments: int) -> bytes:
    """A 16-bit command, followed by each argument with its checksum."""
    data = command.to_bytes(2, "big")
    for argument in arguments:
        word = argument.to_bytes(2, "big")
        data += word + bytes([crc8(word)])
    return data


def decode_words(data: bytes, sensor: str) -> bytes:
    """The words in `data` without their checksums.

    Raises:
        HalError: 1012 a checksum is wrong, 1014 the last word is not whole.
    """
    if len(data) % WORD_BYTES:
        raise HalError(1014, f"{sensor} answered half a word", data.hex())
    words = bytearray()
    for at in range(0, len(data), WORD_BYTES):
        word = data[at : at + 2]
        if crc8(word) != data[at + 2]:
            raise HalError(1012, f"{sensor} sent a wrong checksum", data.hex())
        words += word
    return bytes(words)
