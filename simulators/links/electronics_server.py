"""The electronics' ends in the world's folder, for a firmware in a process of its own.

DIR/i2c-<bus>.sock   an I2C bus        DIR/dev/tag-<place>   a tag reader's port (a pty)
DIR/gpio.sock        the computer's digital lines
"""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from simulators.links.electronics import Electronics
from simulators.links.gpio_socket import GpioPort
from simulators.links.i2c_socket import I2cPort
from simulators.links.serial import PtyPort
from simulators.links.socket_path import short_path
from simulators.links.socket_port import SocketPort

GPIO = "gpio.sock"


class ElectronicsServer:
    """Serves one cabinet's electronics."""

    def __init__(self, electronics: Electronics, folder: Path) -> None:
        self._electronics = electronics
        self._folder = folder
        self._servers: dict[str, asyncio.Server] = {}
        self._connections: set[SocketPort] = set()
        self._ports: list[PtyPort] = []

    async def start(self) -> None:
        for name, wire in self._electronics.buses.items():
            await self._listen(bus_socket(name), partial(I2cPort, wire, self._connections))
        await self._listen(GPIO, partial(GpioPort, self._electronics.gpio, self._connections))
        for place, reader in self._electronics.readers.items():
            self._ports.append(PtyPort(reader, self._folder / reader_port(place)))

    async def stop(self) -> None:
        """Cut off everyone."""
        for name, server in self._servers.items():
            server.close()
            (self._folder / name).unlink(missing_ok=True)
        for connection in tuple(self._connections):
            connection.cut_off()
        for port in self._ports:
            port.close()

    async def _listen(self, name: str, make: Callable[[], SocketPort]) -> None:
        (self._folder / name).unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        with short_path(self._folder, name) as path:
            self._servers[name] = await loop.create_unix_server(make, path)


def bus_socket(name: str) -> str:
    """A bus's socket in the world's folder."""
    return f"i2c-{name}.sock"


def reader_port(place: str) -> str:
    """A tag reader's port in the world's folder."""
    return f"dev/tag-{place}"


def describe_wires(electronics: Electronics, folder: Path) -> list[str]:
    """The tables of the firmware's configuration for these wires. JSON strings are TOML strings."""
    lines = []
    for name in electronics.buses:
        path = json.dumps(str(folder / bus_socket(name)))
        lines += ["", "[[buses]]", f"name = {json.dumps(name)}", f"path = {path}"]
    chip = json.dumps(str(folder / GPIO))
    lines += ["", "[gpio]", 'factory = "stele-sim"', f"chip = {chip}"]
    for place in electronics.readers:
        port = json.dumps(str(folder / reader_port(place)))
        lines += ["", "[[tag_readers]]", f"place = {json.dumps(place)}", f"port = {port}"]
    return lines
