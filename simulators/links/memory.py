"""Wires without a wire: the cabinet's ends in the same event loop as the firmware's.

The classes have the shape of the firmware's transports (`read`, `write`, `aclose`; `start`,
`lines`, `wait`, `kill`; `open`, `read_at`). A wire that is gone raises `ConnectionError`.
"""

import asyncio

from simulators.links.serial import RobotWire


class MemorySerial:
    """One opening of the robot's port. A later opening takes the wire away from it."""

    def __init__(self, wire: RobotWire) -> None:
        self._wire = wire
        self._received = bytearray()
        self._changed = asyncio.Event()
        self._open = True
        wire.listener = self._take
        wire.receive()

    def _take(self, data: bytes) -> None:
        self._received += data
        self._changed.set()

    @property
    def _connected(self) -> bool:
        return self._open and self._wire.listener == self._take

    async def write(self, data: bytes) -> None:
        """Hand bytes to the robot; they arrive at once."""
        if not self._connected:
            raise ConnectionError("the robot's port is gone")
        self._wire.receive(bytes(data))
        await asyncio.sleep(0)

    async def read(self) -> bytes:
        """Wait for at least one byte from the robot."""
        while not self._received:
            if not self._connected:
                raise ConnectionError("the robot's port is gone")
            self._changed.clear()
            await self._changed.wait()
        data = bytes(self._received)
        self._received.clear()
        return data

    async def aclose(self) -> None:
        """Close the port; the robot goes on with what it was told."""
        if self._connected:
            self._wire.listener = None
        self._open = False
        self._changed.set()
