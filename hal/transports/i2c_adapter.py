"""An I2C adapter of the Linux kernel, such as ``/dev/i2c-1``, through smbus2.

One thread an adapter, so that a slow disk elsewhere in the firmware does not delay a sensor. Write
and read go to the kernel as one ``I2C_RDWR``, hence with a repeated start between them. The kernel
ends a transfer on a stuck bus by itself (ETIMEDOUT after its adapter's time-out, mostly 1 s).
"""

import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from smbus2 import SMBus, i2c_msg

LOST = frozenset({"ENODEV", "EBADF", "ENOENT"})


class I2cAdapter:
    """`I2cWire` over an open adapter. Make it with `open_adapter`."""

    def __init__(self, bus: SMBus, name: str) -> None:
        self._bus = bus
        self._thread = ThreadPoolExecutor(1, f"i2c {name}")
        self.is_lost = False

    async def transfer(self, address: int, data: bytes, read_bytes: int) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transfer, address, data, read_bytes)

    def _transfer(self, address: int, data: bytes, read_bytes: int) -> bytes:
        messages = []
        if data or not read_bytes:
            messages.append(i2c_msg.write(address, data))
        if read_bytes:
            messages.append(i2c_msg.read(address, read_bytes))
        try:
            self._bus.i2c_rdwr(*messages)
        except OSError as error:
            self.is_lost = errno_name(error) in LOST
            raise
        return bytes(messages[-1]) if read_bytes else b""

    async def aclose(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._bus.close)
        self._thread.shutdown(wait=False)


def errno_name(error: OSError) -> str:
    """Such as ``ENODEV``; empty when the error has no number."""
    return "" if error.errno is None else errno.errorcode.get(error.errno, "")


def open_adapter(path: Path) -> I2cAdapter:
    """Open the adapter. Raises `OSError`."""
    return I2cAdapter(SMBus(str(path)), path.name)
