"""Lines out of an untrusted byte stream, each of bounded length."""

from collections.abc import Iterable, Iterator

from appliance.volume.errors import VolumeError

LINE_BYTES_MAX = 2**28


def split_lines(chunks: Iterable[bytes], code: int, what: str) -> Iterator[bytes]:
    """Each line without its line feed; the last one may lack it.

    Raises:
        VolumeError: `code`, a line of `what` is longer than 256 MiB.
    """
    parts: list[bytes] = []
    held_bytes = 0
    for chunk in chunks:
        head, line_feed, rest = chunk.partition(b"\n")
        parts.append(head)
        held_bytes += len(head)
        if held_bytes > LINE_BYTES_MAX:
            raise VolumeError(code, f"{what} has a line of more than {LINE_BYTES_MAX} bytes")
        if line_feed:
            yield b"".join(parts)
            *lines, last = rest.split(b"\n")
            yield from lines
            parts, held_bytes = [last], len(last)
    if held_bytes:
        yield b"".join(parts)
