"""An I2C bus as a unix socket, for a firmware in a process of its own.

Request: address (1 byte), bytes to write and bytes to read (2 bytes each, low byte first), then
the bytes to write. Answer: status (1 byte; 0 is good, else the number of the error in Linux's
errno.h), and when it is good the bytes that were read. What is written and what is read is one
transfer with a repeated start between; neither is a bare question for the address. Requests
of a connection are answered in order.
"""

import errno
import struct

from simulators.links.i2c import I2cWire
from simulators.links.socket_port import SocketPort

HEADER = struct.Struct("<BHH")
HIGHEST_ADDRESS = 0x7F
LONGEST_BYTES = 8192
"""Of one message, as in Linux's i2c-dev."""


class I2cPort(SocketPort):
    """One connection."""

    def __init__(self, wire: I2cWire, connections: set[SocketPort]) -> None:
        super().__init__(connections)
        self._wire = wire
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data
        answers = bytearray()
        while len(self._received) >= HEADER.size:
            address, to_write, to_read = HEADER.unpack_from(self._received)
            end = HEADER.size + to_write
            if len(self._received) < end:
                break
            written = bytes(self._received[HEADER.size : end])
            del self._received[:end]
            answers += self._answer(address, written, to_read)
        self.send(bytes(answers))

    def _answer(self, address: int, written: bytes, to_read: int) -> bytes:
        if address > HIGHEST_ADDRESS or max(len(written), to_read) > LONGEST_BYTES:
            return bytes([errno.EINVAL])
        try:
            return b"\0" + self._wire.exchange(address, written, to_read)
        except OSError as error:
            return bytes([error.errno or errno.EIO])
