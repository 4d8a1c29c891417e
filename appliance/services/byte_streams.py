"""Payload in, image or archive out, with the work off the event loop.

About a mebibyte at a time, so that the loop stays free for the other drives.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from appliance.volume.archive_stream import ArchiveStream
from appliance.volume.stream import ImageStream

STEP_BYTES = 1 << 20
Piece = bytes | memoryview


async def stream_bytes(
    stream: ImageStream | ArchiveStream, payload: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """What the stream makes of the payload, from first byte to last.

    Raises:
        VolumeError: 3003 a file does not have its planned digest, 3004 too much or too little came;
            whatever `payload` raises.
    """
    async for step in in_steps(payload):
        async for piece in _drawn(stream.feed(step)):
            yield piece
    async for piece in _drawn(stream.finish()):
        yield piece


async def in_steps(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of about `STEP_BYTES`."""
    held: list[bytes] = []
    size_bytes = 0
    async for chunk in chunks:
        held.append(chunk)
        size_bytes += len(chunk)
        if size_bytes >= STEP_BYTES:
            yield b"".join(held)
            held, size_bytes = [], 0
    if held:
        yield b"".join(held)


async def _drawn(pieces: Iterator[Piece]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    while batch := await loop.run_in_executor(None, _draw, pieces):
        yield batch


def _draw(pieces: Iterator[Piece]) -> bytes:
    """The next mebibyte or so; nothing when there is no more."""
    taken: list[Piece] = []
    size_bytes = 0
    for piece in pieces:
        taken.append(piece)
        size_bytes += len(piece)
        if size_bytes >= STEP_BYTES:
            break
    return b"".join(taken)
