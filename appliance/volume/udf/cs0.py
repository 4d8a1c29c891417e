"""OSTA compressed Unicode (UDF 1.02, 2.1.1): one byte says 8 or 16 bits, then the characters."""

from appliance.volume.errors import HOSTILE, VolumeError

NAME_BYTES_MAX = 254
"""Of a file identifier without its compression byte, since its length is one byte."""


def encode(text: str) -> bytes:
    """The text with its compression byte: 8 bits a character if that is enough, else UTF-16."""
    try:
        return b"\x08" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\x10" + text.encode("utf-16-be")


def decode(raw: bytes) -> str:
    """The text of an identifier from a disc.

    Raises:
        VolumeError: 3104, the bytes are not compressed Unicode.
    """
    if not raw:
        return ""
    try:
        if raw[0] == 8:
            return raw[1:].decode("latin-1")
        if raw[0] == 16:
            return raw[1:].decode("utf-16-be")
    except UnicodeDecodeError:
        pass
    raise VolumeError(HOSTILE, f"name {raw[:40].hex()} is not compressed Unicode")


def encode_dstring(text: str, size: int) -> bytes:
    """A fixed field: as many whole characters as fit, zeros, in the last byte the used length."""
    while len(encoded := encode(text)) > size - 1:
        text = text[:-1]
    if not text:
        return bytes(size)
    return encoded.ljust(size - 1, b"\0") + bytes([len(encoded)])
