"""The wires of a simulated cabinet's electronics, in one loop or served as to a real firmware."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from hal.transports.gpio import open_gpio
from hal.transports.i2c_bus import LocalI2cBus
from hal.transports.interfaces import GpioLines, I2cBus, SerialLink
from hal.transports.serial_port import open_serial_port
from simulators.cabinet import Cabinet
from simulators.clock import ScaledEventLoop
from simulators.faults.fault import Fault, inject
from simulators.links.electronics_server import GPIO, ElectronicsServer, bus_socket, reader_port
from simulators.world.world import World

T = TypeVar("T")
SPEED = 20.0


class Wires(Protocol):
    """A cabinet, and how a firmware reaches its electronics."""

    def do(self, act: Callable[[Cabinet], T]) -> T:
        """Do something with the cabinet, in its own loop."""
        ...

    def bus(self, name: str = "main") -> I2cBus: ...

    def gpio(self) -> GpioLines: ...

    def connect(self, place: str, baud: int) -> Callable[[], Awaitable[SerialLink]]:
        """How a tag reader's driver opens its line."""
        ...

    def power_off(self) -> None: ...


def set_fault(wires: Wires, what: str, where: str, *, present: bool) -> None:
    wires.do(lambda cabinet: inject(cabinet, Fault(what, where, lift=not present)))


class MemoryWires:
    """Everything in the running loop. Make it there."""

    def __init__(self, world: World) -> None:
        self._cabinet = Cabinet(world)

    def do(self, act: Callable[[Cabinet], T]) -> T:
        return act(self._cabinet)

    def bus(self, name: str = "main") -> I2cBus:
        return self._cabinet.i2c(name)

    def gpio(self) -> GpioLines:
        return self._cabinet.gpio()

    def connect(self, place: str, baud: int) -> Callable[[], Awaitable[SerialLink]]:
        async def opened() -> SerialLink:
            return self._cabinet.tag_reader(place)

        return opened

    def power_off(self) -> None:
        self._cabinet.electronics.stop()


class ServedWires:
    """A cabinet with a loop and a thread of its own, reached by sockets, gpiozero and ptys."""

    def __init__(self, folder: Path, world: World) -> None:
        self._folder = folder
        self._loop = ScaledEventLoop(SPEED)
        self._thread = threading.Thread(target=self._loop.run_forever, name="cabinet")
        self._thread.start()
        self._server: ElectronicsServer | None = None
        self._lines: list[GpioLines] = []
        self._buses: list[I2cBus] = []

        async def start() -> Cabinet:
            cabinet = Cabinet(world)
            self._server = ElectronicsServer(cabinet.electronics, folder)
            await self._server.start()
            return cabinet

        self._cabinet = self._run(start())

    def do(self, act: Callable[[Cabinet], T]) -> T:
        async def done() -> T:
            return act(self._cabinet)

        return self._run(done())

    def bus(self, name: str = "main") -> I2cBus:
        self._buses.append(LocalI2cBus(self._folder / bus_socket(name)))
        return self._buses[-1]

    async def hang_up(self) -> None:
        """Close what was opened in the firmware's loop."""
        for bus in self._buses:
            await bus.aclose()

    def gpio(self) -> GpioLines:
        self._lines.append(open_gpio("stele-sim", str(self._folder / GPIO)))
        return self._lines[-1]

    def connect(self, place: str, baud: int) -> Callable[[], Awaitable[SerialLink]]:
        return lambda: open_serial_port(str(self._folder / reader_port(place)), baud)

    def power_off(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            self._run(server.stop())

    def close(self) -> None:
        for lines in self._lines:
            lines.close()
        self.power_off()
        self.do(lambda cabinet: cabinet.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)
