"""Wires without a wire: the cabinet's ends in the same event loop as the firmware's.

The classes have the shape of the firmware's transports (`read`, `write`, `aclose`; `start`,
`lines`, `wait`, `kill`; `open`, `read_at`). A wire that is gone raises `ConnectionError`.
"""

import asyncio
import errno
import os
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from simulators.devices.drive.surface import scratched_sectors
from simulators.links.drive import DriveWire
from simulators.links.serial import RobotWire
from simulators.links.xorriso.program import Xorriso
from simulators.links.xorriso.shutdown import FAREWELL, TERMINATED
from simulators.world.disc import SECTOR_BYTES

PIPE_BYTES = 4 * 1024 * 1024
"""Bytes that a program's input takes before the writer has to wait."""
READ_SPEED = 6 * 4_495_625.0
"""Bytes a second that a drive reads."""
SIGKILL = 9


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


class MemoryCommandLine:
    """The burner command as something to start."""

    def __init__(self, xorriso: Xorriso) -> None:
        self._xorriso = xorriso

    async def start(self, *argv: str) -> "MemoryProcess":
        return MemoryProcess(self._xorriso, argv)


class MemoryProcess:
    """One run of the burner command. Its host's side is `say`, `answer` and `copy_input`."""

    def __init__(self, xorriso: Xorriso, argv: tuple[str, ...]) -> None:
        self._input: deque[memoryview] = deque()
        self._waiting_bytes = 0
        self._input_ended = False
        self._text = ""
        self._killed = 0
        self._changed = asyncio.Event()
        self._run = asyncio.create_task(self._live(xorriso, argv))
        self._run.add_done_callback(lambda _: self._changed.set())

    async def _live(self, xorriso: Xorriso, argv: tuple[str, ...]) -> int:
        try:
            return await xorriso.run(argv, self)
        except asyncio.CancelledError:
            if not self._killed:
                raise
            if self._killed > 1:
                return -SIGKILL
            self.say(FAREWELL)
            return TERMINATED

    async def _wait_change(self) -> None:
        """Wait until anything has happened; every waiter wakes and looks for itself."""
        self._changed.clear()
        await self._changed.wait()

    # The host's side

    def say(self, text: str) -> None:
        self._text += text
        self._changed.set()

    answer = say

    async def copy_input(self, path: Path, offset: int, limit: int) -> int:
        while self._waiting_bytes < limit and not self._input_ended:
            await self._wait_change()
        copied = 0
        with path.open("r+b", buffering=0) as image:
            while self._input and copied < limit:
                piece = self._input.popleft()
                taken = piece[: limit - copied]
                os.pwrite(image.fileno(), taken, offset + copied)
                copied += len(taken)
                if len(taken) < len(piece):
                    self._input.appendleft(piece[len(taken) :])
        self._waiting_bytes -= copied
        self._changed.set()
        return copied

    # The firmware's side

    async def write(self, data: bytes | memoryview) -> None:
        """Feed standard input; waits while the pipe is full.

        Raises:
            BrokenPipeError: the program has ended.
        """
        if data and not self._run.done():
            self._input.append(memoryview(bytes(data)))
            self._waiting_bytes += len(data)
            self._changed.set()
        while self._waiting_bytes > PIPE_BYTES and not self._run.done():
            await self._wait_change()
        if self._run.done():
            raise BrokenPipeError(errno.EPIPE, "the burner command has ended")

    async def close_stdin(self) -> None:
        self._input_ended = True
        self._changed.set()

    async def lines(self) -> AsyncIterator[str]:
        """Standard output and error, line by line, without empty lines."""
        while self._text or not self._run.done():
            line, newline, rest = self._text.partition("\n")
            if not newline:
                await self._wait_change()
                continue
            self._text = rest
            if line:
                yield line

    async def wait(self) -> int:
        """Return the exit code."""
        return await asyncio.shield(self._run)

    def kill(self) -> None:
        """SIGTERM the first time, SIGKILL the second."""
        if not self._run.done():
            self._killed += 1
            self._run.cancel()


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
