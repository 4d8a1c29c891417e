"""The one register of a TCA9548A. Pure. PROTOCOL.md names the sources."""

CHANNELS = 8
NONE = b"\x00"


def encode_channel(channel: int) -> bytes:
    """Connect this channel and no other.

    Raises:
        ValueError: there is no such channel.
    """
    if not 0 <= channel < CHANNELS:
        raise ValueError(f"a multiplexer has channels 0 to {CHANNELS - 1}, not {channel}")
    return bytes([1 << channel])
