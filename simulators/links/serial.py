"""Serial wires as pseudo-terminals, and the robot's own: it drives the robot by the loop's clock.

Not modelled: the time that bytes take at 115200 baud, noise, and the reset that some
boards do when their port is opened.
"""

import asyncio
import logging
import math
import os
import pty
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from simulators.devices.robot import Robot
from simulators.world.places import fault_name
from simulators.world.world import World

LOG = logging.getLogger(__name__)

SILENCE = "serial-silence"
"""Name of the fault in the world, with the unit's name if it has one, that lets no byte through,
in either direction."""


class RobotWire:
    """A running robot, of one unit. Whoever listens gets its bytes; else they are lost."""

    def __init__(self, world: World, unit: str = "") -> None:
        self._world = world
        self._unit = unit
        self._silence = fault_name(SILENCE, unit)
        self._robot = Robot(world, unit)
        self._timer: asyncio.TimerHandle | None = None
        self._cut_off: Callable[[], None] | None = None
        self.listener: Callable[[bytes], None] | None = None

    def attach(
        self,
        listener: Callable[[bytes], None] | None,
        cut_off: Callable[[], None] | None = None,
    ) -> None:
        """Give the wire to a port, or to none; `cut_off` is called when it loses it again."""
        self.listener = listener
        before, self._cut_off = self._cut_off, cut_off
        if before:
            before()

    def receive(self, data: bytes = b"") -> None:
        """Let bytes arrive at the robot, and let it act up to now."""
        loop = asyncio.get_running_loop()
        silent = self._silence in self._world.state.faults
        told = self._robot.update(loop.time(), b"" if silent else data)
        if told.sent and self.listener and not silent:
            self.listener(told.sent)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if told.wake_s < math.inf:
            self._timer = loop.call_at(told.wake_s, self.receive)

    def restart(self) -> None:
        """Turn the robot off and on again; whoever listens hears it boot."""
        self._robot = Robot(self._world, self._unit)
        self.receive()

    def stop(self) -> None:
        """Cut the power: the robot does no more."""
        self.attach(None)
        if self._timer:
            self._timer.cancel()
            self._timer = None


class SerialWire(Protocol):
    """A device at the end of a serial wire."""

    def attach(
        self,
        listener: Callable[[bytes], None] | None,
        cut_off: Callable[[], None] | None = None,
    ) -> None: ...

    def receive(self, data: bytes = b"") -> None: ...

    def stop(self) -> None: ...


class PtyPort:
    """The wire as a pseudo-terminal with a stable name. It outlives any number of opens.

    The cabinet keeps the terminal's far end open itself, so that it sees no hang-up when
    the firmware closes the port or dies.
    """

    def __init__(self, wire: SerialWire, link: Path) -> None:
        self._wire = wire
        self._link = link
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._read)
        wire.attach(self._write)
        wire.receive()

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        self._wire.receive(data)

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            LOG.debug("no one reads %s: %d bytes are lost", self._link, len(data))

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        self._wire.stop()
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
