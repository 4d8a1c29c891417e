"""Reading a disc back by byte range, counting what was delivered."""

import errno

from hal.errors import HalError
from hal.transports.interfaces import BlockDevice

NO_DISC_ERRNOS = frozenset({errno.ENOMEDIUM, errno.ENOENT, errno.ENXIO, errno.ENODEV})


class DiscReader:
    """`BlockReader` over an open block device of `size_bytes`."""

    def __init__(self, block: BlockDevice, size_bytes: int, name: str) -> None:
        self._block = block
        self._size_bytes = size_bytes
        self._name = name
        self._bytes_read = 0

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def bytes_read(self) -> int:
        """Bytes delivered so far, by all calls of `read_at` together."""
        return self._bytes_read

    async def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise ValueError(f"no such range: {length} bytes at {offset}")
        length = max(0, min(length, self._size_bytes - offset))
        data = await self._read(offset, length)
        if len(data) < length:
            pieces = bytearray(data)
            while len(pieces) < length:
                pieces += await self._read(offset + len(pieces), length - len(pieces))
            data = bytes(pieces)
        self._bytes_read += len(data)
        return data

    async def aclose(self) -> None:
        await self._block.aclose()

    async def _read(self, offset: int, length: int) -> bytes:
        """At least one byte, if any were asked for."""
        try:
            data = await self._block.read_at(offset, length)
        except OSError as error:
            code = 3203 if error.errno in NO_DISC_ERRNOS else 3209
            raise HalError(
                code, f"the disc in drive {self._name} cannot be read", f"offset {offset}: {error}"
            ) from error
        if not data and length:
            raise HalError(
                3209, f"the disc in drive {self._name} ends too early", f"offset {offset}"
            )
        return data
