"""A cabinet's I2C bus driven by the loop's clock, and its end in memory.

An address that nobody acknowledges is ENXIO, as Linux says. Fault `bus-dead:<bus>`: a chip
holds the data line down, so that nobody can talk: ETIMEDOUT.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from simulators.devices.i2c.message import Message
from simulators.devices.wiring.places import Bus
from simulators.world.places import fault_name

DEAD = "bus-dead"
READ_FLAG = 0x0001
"""`I2C_M_RD` of Linux's i2c.h."""


class I2cWire:
    """A running bus."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._dead = fault_name(DEAD, bus.name)
        self._running = True
        self._loop = asyncio.get_running_loop()

    def transfer(self, messages: Sequence[tuple[int, Message]]) -> list[bytes]:
        """Carry messages to the stop; what was read in each.

        Raises:
            OSError: ENXIO nobody acknowledges, ETIMEDOUT the bus is dead, EIO no power.
        """
        if not self._running:
            raise OSError(errno.EIO, "the cabinet has no power")
        if self._dead in self.bus.world.state.faults:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        answers = self.bus.segment.transfer(self._loop.time(), messages)
        if not answers[-1].acknowledged:
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
        return [answer.data for answer in answers]

    def exchange(self, address: int, data: bytes, read_bytes: int) -> bytes:
        """Write, then with a repeated start read; either may be nothing. As `transfer`."""
        messages = []
        if data or not read_bytes:
            messages.append((address, Message(data)))
        if read_bytes:
            messages.append((address, Message(read_bytes=read_bytes)))
        return self.transfer(messages)[-1]

    def stop(self) -> None:
        """Cut the power."""
        self._running = False


class MemoryI2c:
    """The bus in the same event loop, in the shape of the firmware's `I2cBus`."""

    def __init__(self, wire: I2cWire) -> None:
        self._wire = wire
        self._lock = asyncio.Lock()

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        """One transfer. Raises OSError as `I2cWire.transfer`."""
        async with self._lock:
            await asyncio.sleep(0)
            return self._wire.exchange(address, bytes(data), read_bytes)

    @asynccontextmanager
    async def exclusively(self) -> AsyncIterator["MemoryI2c"]:
        """Several transfers that nobody else's over this opening come between."""
        async with self._lock:
            yield MemoryI2c(self._wire)

    async def aclose(self) -> None:
        """The bus outlives its openings."""


class _LinuxMessage(Protocol):
    addr: int
    flags: int
    len: int

    @property
    def buf(self) -> "_Buffer": ...


class _Buffer(Protocol):
    def __getitem__(self, at: int) -> bytes: ...

    def __setitem__(self, at: int, byte: bytes) -> None: ...


class MemorySmbus:
    """The bus in the shape of `smbus2.SMBus`, for a transport that wants one."""

    def __init__(self, wire: I2cWire) -> None:
        self._wire = wire

    def i2c_rdwr(self, *messages: _LinuxMessage) -> None:
        """Carry `i2c_msg` objects in one transfer; those that read are filled."""
        carried = []
        for one in messages:
            if one.flags & READ_FLAG:
                carried.append((one.addr, Message(read_bytes=one.len)))
            else:
                carried.append((one.addr, Message(b"".join(one.buf[at] for at in range(one.len)))))
        for one, data in zip(messages, self._wire.transfer(carried), strict=True):
            for at, byte in enumerate(data):
                one.buf[at] = bytes([byte])

    def close(self) -> None:
        """The bus outlives its openings."""
