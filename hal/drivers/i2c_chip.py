"""One chip on an I2C bus: its transfers, with failures as numbered errors."""

import errno

from hal.errors import HalError
from hal.transports.interfaces import I2cBus

NOBODY = frozenset({errno.ENXIO, errno.EREMOTEIO})
"""What the kernel's adapters say when an address is not acknowledged."""


class I2cChip:
    """`name` is what the operator knows it by; errors tell it together with the address."""

    def __init__(self, bus: I2cBus, address: int, name: str) -> None:
        self.bus = bus
        self.address = address
        self.name = name

    def __str__(self) -> str:
        return f"{self.name} (0x{self.address:02x})"

    async def ask(self, data: bytes, read_bytes: int = 0, *, on: I2cBus | None = None) -> bytes:
        """Write, then read; through `on`, when the caller has taken the bus for itself.

        Raises:
            HalError: 1010 bus unusable, 1011 nobody answers at the address, 1014 answer too short.
        """
        try:
            answer = await (on or self.bus).transfer(self.address, data, read_bytes)
        except OSError as error:
            raise self._failure(error) from error
        if len(answer) != read_bytes:
            raise HalError(
                1014, f"{self} answered too little", f"{len(answer)} bytes of {read_bytes}"
            )
        return answer

    def _failure(self, error: OSError) -> HalError:
        if error.errno in NOBODY:
            return HalError(1011, f"{self} does not answer", str(error))
        return HalError(1010, f"the bus of {self} cannot be used", str(error))
