"""The ways out of the process: what every driver is built over. Tests give others."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from hal.transports.block_device import LocalBlockDevice
from hal.transports.command_line import LocalCommandLine
from hal.transports.gpio import open_gpio
from hal.transports.i2c_bus import LocalI2cBus
from hal.transports.interfaces import (
    BlockDevice,
    ByteCommandLine,
    CommandLine,
    GpioLines,
    I2cBus,
    SerialLink,
)
from hal.transports.serial_port import open_serial_port

OpenSerial = Callable[[], Awaitable[SerialLink]]


class Command(CommandLine, ByteCommandLine, Protocol):
    """A program that can be fed, and one that brings data."""


class Wires(Protocol):
    """Opens nothing but the digital lines; the addresses are those of the configuration."""

    def serial(self, port: str, baud: int) -> OpenSerial: ...

    def command(self, argv: Sequence[str]) -> Command: ...

    def block_device(self, device: str) -> BlockDevice: ...

    def i2c(self, path: str) -> I2cBus: ...

    def gpio(self, factory: str, chip: str) -> GpioLines:
        """Raises `OSError`: there is no such factory or chip."""
        ...


class LocalWires:
    """The machine's own."""

    def serial(self, port: str, baud: int) -> OpenSerial:
        return partial(open_serial_port, port, baud)

    def command(self, argv: Sequence[str]) -> Command:
        return LocalCommandLine(argv)

    def block_device(self, device: str) -> BlockDevice:
        return LocalBlockDevice(device)

    def i2c(self, path: str) -> I2cBus:
        return LocalI2cBus(path)

    def gpio(self, factory: str, chip: str) -> GpioLines:
        return open_gpio(factory, chip)
