"""Texas Instruments TCA9548A: one I2C bus to eight channels, as its datasheet has it.

It has one register, without a name: each byte written replaces it, each byte read is it. A
set bit joins that channel to the bus, several bits join several; the change takes effect with
the stop condition that ends the transfer.

Not modelled: the reset pin.
"""

from simulators.devices.i2c.message import TAKEN, Answer, Message


class Tca9548a:
    """One multiplexer. Its channels' chips are the bus's matter, see `channels`."""

    def __init__(self) -> None:
        self._register = 0
        self.channels = 0
        """Channels that are joined now, one bit each."""

    def update(self, now_s: float, message: Message, sensed: None) -> Answer:
        """Take or give the register."""
        del now_s, sensed
        if message.read_bytes is not None:
            return Answer(acknowledged=True, data=bytes([self._register]) * message.read_bytes)
        if message.data:
            self._register = message.data[-1]
        return TAKEN

    def stop(self) -> None:
        """The transfer has ended."""
        self.channels = self._register
