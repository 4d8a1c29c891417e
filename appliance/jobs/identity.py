"""Which volume is on the disc in a drive: read from the disc alone, whatever the database says."""

from msgspec import Struct

from appliance.services.mover import Mover
from appliance.volume.errors import VolumeError
from appliance.volume.reader import VolumeReader
from hal.interfaces.optical_drive import BlockReader, DiscStatus, OpticalDrive

PIECE_BYTES = 1 << 18
PIECES_MAX = 256
"""More than `volume.json` and what leads to it ever need."""


class Identity(Struct, frozen=True):
    """What a disc says of itself; neither blank nor a volume means that it is foreign."""

    is_blank: bool = False
    volume_id: str | None = None
    label: str = ""
    capacity_bytes: int | None = None


class _NotReadYetError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


async def identify(drive: OpticalDrive, mover: Mover) -> Identity:
    """Read the identity of the disc in a closed drive.

    Raises:
        HalError: 32xx the disc cannot be read.
    """
    disc = await drive.disc()
    if disc.status is DiscStatus.BLANK:
        return Identity(is_blank=True, capacity_bytes=disc.capacity_bytes)
    async with mover.at_rest():
        reader = await drive.open_reader()
    try:
        return await _read(reader)
    finally:
        await reader.aclose()


async def _read(reader: BlockReader) -> Identity:
    """The volume reader is plain code: whenever it wants what was not read yet, that is read and
    it begins again."""
    size_bytes, pieces = reader.size_bytes, dict[int, bytes]()

    def read_at(offset: int, length: int) -> bytes:
        found = bytearray()
        for number in range(offset // PIECE_BYTES, (offset + length - 1) // PIECE_BYTES + 1):
            if number not in pieces:
                raise _NotReadYetError(number)
            found += pieces[number]
        start = offset % PIECE_BYTES
        return bytes(found[start : start + length])

    while len(pieces) <= PIECES_MAX:
        try:
            identity = VolumeReader(read_at, size_bytes).identity()
        except _NotReadYetError as wanted:
            offset = wanted.number * PIECE_BYTES
            length = min(PIECE_BYTES, size_bytes - offset)
            pieces[wanted.number] = await reader.read_at(offset, length)
        except VolumeError:
            break
        else:
            return Identity(volume_id=identity.volume_id, label=identity.label)
    return Identity()
