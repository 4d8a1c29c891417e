"""Wires without a wire: the cabinet's ends in the same event loop as the firmware's.

The classes have the shape of the firmware's transports (`read`, `write`, `aclose`; `open`,
`read_at`). A wire that is gone raises `ConnectionError`. Commands are in `memory_program`.
"""

import asyncio
import errno
import os

from simulators.devices.drive.surface import scratched_sectors
from simulators.links.drive import DriveWire
from simulators.links.serial import RobotWire
from simulators.world.disc import SECTOR_BYTES

READ_SPEED = 6 * 4_495_625.0
"""Bytes a second that a drive reads."""


class MemorySerial:
    """One opening of the robot's port. A later opening takes the wire away from it."""

    def __init__(self, wire: RobotWire) -> None:
        self._wire = wire
        self._received = bytearray()
        self._changed = asyncio.Event()
        self._open = True
        wire.attach(self._take, self._lose)
        wire.receive()

    def _take(self, data: bytes) -> None:
        self._received += data
        self._changed.set()

    def _lose(self) -> None:
        self._open = False
        self._changed.set()

    async def write(self, data: bytes) -> None:
        """Hand bytes to the robot; they arrive at once."""
        if not self._open:
            raise ConnectionError("the robot's port is gone")
        self._wire.receive(bytes(data))
        await asyncio.sleep(0)

    async def read(self) -> bytes:
        """Wait for at least one byte from the robot."""
        while not self._received:
            if not self._open:
                raise ConnectionError("the robot's port is gone")
            self._changed.clear()
            await self._changed.wait()
        data = bytes(self._received)
        self._received.clear()
        return data

    async def aclose(self) -> None:
        """Close the port; the robot goes on with what it was told."""
        if self._open:
            self._wire.attach(None)


class MemoryBlockDevice:
    """A drive as a block device; reading takes the drive's time."""

    def __init__(self, drive: DriveWire) -> None:
        self._drive = drive
        self._file = -1

    async def open(self) -> int:
        """Open the disc in the drive; its size in bytes.

        Raises:
            FileNotFoundError: no readable disc in the closed drive.
        """
        await self.aclose()
        self._file = os.open(self._drive.link, os.O_RDONLY)
        return os.fstat(self._file).st_size

    async def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer at the end, or before a scratch.

        Raises:
            OSError: EIO on a scratched sector, or when the disc has left the drive.
        """
        await asyncio.sleep(length / READ_SPEED)
        disc = self._drive.disc
        if disc is None or self._drive.gone:
            raise OSError(errno.EIO, "no disc in the drive")
        for sector in scratched_sectors(disc):
            start, end = sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES
            if start <= offset < end:
                raise OSError(errno.EIO, f"sector {sector} cannot be read")
            if offset < start < offset + length:
                length = start - offset
        return os.pread(self._file, length, offset)

    async def aclose(self) -> None:
        if self._file >= 0:
            file, self._file = self._file, -1
            os.close(file)
