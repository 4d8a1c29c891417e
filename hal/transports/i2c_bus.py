"""An I2C bus opened by its path: an adapter such as ``/dev/i2c-1``, or a socket in place of one.

The bus is opened by the first transfer and again by the first one after it was lost, so it may be
made before its adapter is there. Transfers go one after the other: on a real bus they would spoil
each other, and between two of them the kernel lets others in, so a multiplexer's user takes the bus
`exclusively`.
"""

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

from hal.transports.i2c_adapter import open_adapter
from hal.transports.i2c_socket import open_socket
from hal.transports.interfaces import I2cBus


class I2cWire(Protocol):
    """One open way to a bus. `transfer` raises `OSError`; only one is under way at a time."""

    async def transfer(self, address: int, data: bytes, read_bytes: int) -> bytes: ...

    @property
    def is_lost(self) -> bool:
        """Whether an error was that of the bus itself, so that it has to be opened anew."""
        ...

    async def aclose(self) -> None: ...


async def open_wire(path: Path) -> I2cWire:
    """Open what is at `path`: a socket, or else an adapter of the kernel. Raises `OSError`."""
    mode = (await asyncio.to_thread(path.stat)).st_mode
    if stat.S_ISSOCK(mode):
        return await open_socket(path)
    return open_adapter(path)


class LocalI2cBus:
    """`I2cBus` at a path. Making it touches nothing; after `aclose` it may be used again."""

    def __init__(
        self, path: str | Path, open_wire: Callable[[Path], Awaitable[I2cWire]] = open_wire
    ) -> None:
        self.path = Path(path)
        self._open = open_wire
        self._wire: I2cWire | None = None
        self._turn = asyncio.Lock()

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        async with self._turn:
            return await self._transfer(address, data, read_bytes)

    @contextlib.asynccontextmanager
    async def exclusively(self) -> AsyncIterator[I2cBus]:
        async with self._turn:
            yield _Held(self._transfer)

    async def aclose(self) -> None:
        async with self._turn:
            await self._close()

    async def _transfer(self, address: int, data: bytes, read_bytes: int) -> bytes:
        if self._wire is None:
            self._wire = await self._open(self.path)
        try:
            return await self._wire.transfer(address, data, read_bytes)
        finally:
            if self._wire.is_lost:
                await self._close()

    async def _close(self) -> None:
        if self._wire is not None:
            wire, self._wire = self._wire, None
            await wire.aclose()


class _Held:
    """`I2cBus` for whoever has the turn: its transfers do not wait for another."""

    def __init__(self, transfer: Callable[[int, bytes, int], Awaitable[bytes]]) -> None:
        self._transfer = transfer

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        return await self._transfer(address, data, read_bytes)

    @contextlib.asynccontextmanager
    async def exclusively(self) -> AsyncIterator[I2cBus]:
        yield self

    async def aclose(self) -> None:
        """Nothing: the bus belongs to the one who lent it."""
