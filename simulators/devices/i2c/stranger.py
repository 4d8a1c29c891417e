"""A chip that should not be there: an EEPROM of 256 bytes at another chip's address.

Someone fitted the wrong board. It acknowledges everything, keeps what is written to it, and
gives it back; an erased one gives 0xFF.
"""

from simulators.devices.i2c.message import TAKEN, Answer, Message


class Stranger:
    """An erased 24C02."""

    def __init__(self) -> None:
        self._memory = bytearray(b"\xff" * 256)
        self._pointer = 0

    def update(self, now_s: float, message: Message, sensed: object) -> Answer:
        del now_s, sensed
        if message.read_bytes is not None:
            data = bytes(self._memory[self._next()] for _ in range(message.read_bytes))
            return Answer(acknowledged=True, data=data)
        if message.data:
            self._pointer = message.data[0]
        for byte in message.data[1:]:
            self._memory[self._next()] = byte
        return TAKEN

    def _next(self) -> int:
        at = self._pointer
        self._pointer = (at + 1) % 256
        return at
