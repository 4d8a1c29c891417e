"""The simulated turntable robot over an in-memory link, with somebody at the cabinet."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import rack_geometry
from hal.interfaces.changer import Changer
from hal.transports.interfaces import SerialLink
from simulators.links.serial import SILENCE, RobotWire
from simulators.world.world import FLOOR, GRIPPER, World


class MemoryLink:
    """`SerialLink` to the rig's adapter."""

    def __init__(self, rig: "RobotRig") -> None:
        self._rig = rig
        self._received = bytearray()
        self._news = asyncio.Event()
        self._cut = False

    def take(self, data: bytes) -> None:
        self._received += data
        self._news.set()

    async def write(self, data: bytes) -> None:
        if self._cut:
            raise ConnectionError("the wire is cut")
        self._rig.wire.receive(data)

    async def read(self) -> bytes:
        while not self._received:
            if self._cut:
                raise ConnectionError("the wire is cut")
            self._news.clear()
            await self._news.wait()
        data = bytes(self._received)
        self._received.clear()
        return data

    def cut(self) -> None:
        self._cut = True
        self._news.set()

    async def aclose(self) -> None:
        self.cut()


class RobotRig:
    """`ChangerRig` in one process; make it in the running loop.

    It is also the adapter on the robot's wire, which has its power from the computer: when the
    robot loses power, the link stays. `translate` changes what the robot says on its way.
    """

    changer: Changer

    def __init__(
        self, folder: Path, translate: Callable[[bytes], bytes] = lambda data: data
    ) -> None:
        self.world = World.create(folder, discs=3)
        self._serials = {disc.place: disc.serial for disc in self.world.state.discs.values()}
        self._translate = translate
        self._link: MemoryLink | None = None
        self.wire = RobotWire(self.world)
        self.wire.listener = self.take
        self.wire.receive()
        self.restarted()

    # The adapter ------------------------------------------------------------------------------

    def take(self, data: bytes) -> None:
        if self._link is not None:
            self._link.take(self._translate(data))

    # The changer ------------------------------------------------------------------------------

    async def connect(self) -> SerialLink:
        self._link = MemoryLink(self)
        return self._link

    def restarted(self) -> Changer:
        self.cut()
        self.controller = GrblController(self.connect)
        self.changer = TurntableChanger(self.controller, rack_geometry())
        return self.changer

    def place_of(self, slot: str) -> str:
        return self.world.state.discs[self._serials[slot]].place

    def set_tray(self, drive: str, *, is_open: bool) -> None:
        self.world.set_tray(drive, is_open)

    # What befalls a cabinet -------------------------------------------------------------------

    def power_on(self) -> None:
        """Take the robot's power away, and give it back."""
        self.wire.stop()
        self.wire = RobotWire(self.world)
        self.wire.listener = self.take
        self.wire.receive()

    def cut(self) -> None:
        """Pull the cable."""
        if self._link is not None:
            self._link.cut()
            self._link = None

    def drop_held_disc(self) -> None:
        disc = self.world.disc_at(GRIPPER)
        if disc is not None:
            self.world.move(disc, FLOOR)
            self.wire.receive()

    def set_fault(self, name: str, *, present: bool) -> None:
        if present:
            self.world.state.faults[name] = {}
        else:
            self.world.state.faults.pop(name, None)

    def set_silence(self, *, present: bool) -> None:
        self.set_fault(SILENCE, present=present)
