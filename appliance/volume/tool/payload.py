"""The payload of a plan, read from its folder in plan order, in large pieces without copies."""

from collections.abc import Iterable, Iterator

from appliance.volume.errors import SOURCE_CHANGED, VolumeError
from appliance.volume.tool.folder import FoundFile, SourceFolder

BUFFER_BYTES = 2**20


def read_payload(source: SourceFolder, files: Iterable[FoundFile]) -> Iterator[memoryview]:
    """All bytes of the files, one file after the other; each piece is valid until the next.

    Raises:
        VolumeError: 3006, a file changed since it was found; 3007, it cannot be read.
    """
    buffer = memoryview(bytearray(BUFFER_BYTES))
    used = 0
    for found in files:
        left = found.size_bytes
        with source.open(found) as file:
            while left:
                count = file.readinto(buffer[used : used + left])
                if not count:
                    raise VolumeError(SOURCE_CHANGED, f"{found.path!r} became shorter")
                left -= count
                used += count
                if used == BUFFER_BYTES:
                    yield buffer
                    used = 0
            file.check_unchanged()
    if used:
        yield buffer[:used]
