"""An I2C bus over a unix socket, for a bus that hangs on another process or machine.

A request is ``u8 address, u16le bytes to write, u16le bytes to read, data``; an answer is ``u8
status`` (0, or else the errno that the transfer ended with) and, when it is 0, the bytes read.
Transfers of one connection are answered in order.
"""

import asyncio
import contextlib
import errno
import os
import struct
from pathlib import Path

REQUEST = struct.Struct("<BHH")
ANSWER_S = 2.0
"""Longer than any bus needs. Who does not answer by then is gone."""
CHUNK_MAX = 0xFFFF


class I2cSocket:
    """`I2cWire` over an open connection. Make it with `open_socket`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.is_lost = False

    async def transfer(self, address: int, data: bytes, read_bytes: int) -> bytes:
        if len(data) > CHUNK_MAX or not 0 <= read_bytes <= CHUNK_MAX:
            raise OSError(errno.EMSGSIZE, "too long for one transfer")
        answered = False
        try:
            async with asyncio.timeout(ANSWER_S):
                self._writer.write(REQUEST.pack(address, len(data), read_bytes) + data)
                await self._writer.drain()
                status = (await self._reader.readexactly(1))[0]
                answer = await self._reader.readexactly(0 if status else read_bytes)
            answered = True
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, "the bus behind the socket does not answer") from None
        except EOFError:
            raise OSError(errno.ENODEV, "the bus behind the socket is gone") from None
        finally:
            # Also when the call was cancelled: the next would get this one's answer.
            self.is_lost = not answered
        if status:
            raise OSError(status, os.strerror(status))
        return answer

    async def aclose(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):  # it was lost before
            await self._writer.wait_closed()


async def open_socket(path: Path) -> I2cSocket:
    """Connect. The address goes through the folder, as a socket's own has 107 bytes at most.

    Raises:
        OSError: nobody is there.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        return I2cSocket(*await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}"))
    finally:
        os.close(folder)
