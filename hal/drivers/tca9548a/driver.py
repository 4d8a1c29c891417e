"""All multiplexers TCA9548A of a bus: at most one channel of all of them is connected at a time.

Chips behind different channels may have the same addresses, so a channel left connected, by us
before a crash or by a failed transfer, would answer together with another. Nothing is presumed:
before the first use and after any failure every multiplexer is disconnected, a channel is connected
and read back before each use and disconnected after it.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence

from hal.drivers.i2c_chip import I2cChip
from hal.drivers.tca9548a import codec
from hal.errors import HalError
from hal.transports.interfaces import I2cBus


class Multiplexers:
    """The multiplexers at `addresses` (0x70 to 0x77) of `bus`. One object a bus."""

    verified = "simulator"

    def __init__(
        self, bus: I2cBus, addresses: Sequence[int] = (0x70,), *, name: str = "multiplexer"
    ) -> None:
        self.bus = bus
        self._chips = {address: I2cChip(bus, address, name) for address in addresses}
        self._released = False
        """Whether none of them has a channel connected, as far as we know."""

    def channel(self, address: int, channel: int) -> "Channel":
        """The bus behind a channel. Raises `ValueError`: no such multiplexer or channel."""
        if address not in self._chips:
            raise ValueError(f"there is no multiplexer at 0x{address:02x}")
        codec.encode_channel(channel)
        return Channel(self, address, channel)

    async def release(self) -> None:
        """Disconnect everything, now; for instance at the start.

        Raises:
            HalError: 1010 bus unusable, 1011 a multiplexer does not answer.
        """
        async with self.bus.exclusively() as bus:
            self._released = False
            for chip in self._chips.values():
                await chip.ask(codec.NONE, on=bus)
            self._released = True

    async def connect(self, bus: I2cBus, address: int, channel: int) -> None:
        """Connect one channel; `bus` is the trunk, taken by the caller.

        Raises:
            HalError: 1010 bus unusable, 1011 it does not answer, 1013 it is no multiplexer.
        """
        chip = self._chips[address]
        if not self._released:
            await self._disconnect_all(bus, besides=address)
        self._released = False
        wanted = codec.encode_channel(channel)
        await chip.ask(wanted, on=bus)
        held = await chip.ask(b"", 1, on=bus)
        if held != wanted:
            raise HalError(
                1013, f"{chip} is no multiplexer, or stuck", f"told {wanted.hex()}, is {held.hex()}"
            )

    async def disconnect(self, bus: I2cBus, address: int) -> None:
        """Disconnect; if that fails, everything is disconnected before the next use."""
        with contextlib.suppress(HalError):
            await self._chips[address].ask(codec.NONE, on=bus)
            self._released = True

    async def _disconnect_all(self, bus: I2cBus, besides: int) -> None:
        for address, chip in self._chips.items():
            if address == besides:
                continue
            try:
                await chip.ask(codec.NONE, on=bus)
            except HalError as error:
                if error.code != 1011:  # who does not answer connects nothing
                    raise


class Channel:
    """`I2cBus` behind one channel. Transfers connect and disconnect it; several of them do so once
    when they are made `exclusively`, which also takes the whole trunk."""

    def __init__(self, multiplexers: Multiplexers, address: int, channel: int) -> None:
        self._multiplexers = multiplexers
        self.address = address
        self.channel = channel

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        async with self.exclusively() as bus:
            return await bus.transfer(address, data, read_bytes)

    @contextlib.asynccontextmanager
    async def exclusively(self) -> AsyncIterator[I2cBus]:
        async with self._multiplexers.bus.exclusively() as trunk:
            try:
                await self._multiplexers.connect(trunk, self.address, self.channel)
                yield trunk
            finally:
                await self._multiplexers.disconnect(trunk, self.address)

    async def aclose(self) -> None:
        """Nothing: the trunk belongs to the one who made it."""
