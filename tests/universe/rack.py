"""The rack library whole: real drivers over in-memory wires to the simulated cabinet."""

from pathlib import Path

import msgspec

from appliance.hardware import Unit
from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import TurntableGeometry, rack_geometry
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.transports.interfaces import CommandProcess, SerialLink
from simulators.cabinet import Cabinet
from simulators.faults.fault import Fault, inject
from simulators.links.memory import MemorySerial
from simulators.links.memory_program import MemoryCommandLine, MemoryProcess
from simulators.world.disc import Disc
from simulators.world.world import World
from tests.appliance.jobs.station import Station, Units

SLOTS = 8
CAPACITY_SECTORS = 8192


class WatchedCommands:
    """The burner command, whose processes lose their input when the firmware dies."""

    def __init__(self, commands: MemoryCommandLine, started: list[MemoryProcess]) -> None:
        self._commands = commands
        self._started = started

    async def start(self, *argv: str) -> CommandProcess:
        process = await self._commands.start(*argv)
        self._started.append(process)
        return process


class Rack:
    """A simulated rack with few slots, as `Rig`. Make it in the running loop."""

    def __init__(
        self,
        folder: Path,
        *,
        discs: int = 4,
        drives: tuple[str, ...] = ("d1", "d2", "d3", "d4"),
        base_speed: float = 200_000.0,
    ) -> None:
        """`base_speed` is a quarter of the drives' writing speed, bytes a second."""
        world = World.create(folder, discs=discs, capacity_sectors=CAPACITY_SECTORS)
        kind = msgspec.structs.replace(world.description.drives, base_speed=base_speed)
        world.description = msgspec.structs.replace(world.description, drives=kind)
        self.cabinet = Cabinet(world)
        self._names = drives
        self._serial: MemorySerial | None = None
        self._processes: list[MemoryProcess] = []

    def connect(self) -> Units:
        geometry = rack_geometry(self._names)
        slots = dict(list(geometry.slots.items())[:SLOTS])
        geometry = TurntableGeometry(slots=slots, drives=geometry.drives)
        changer = TurntableChanger(GrblController(self._open_serial), geometry)
        return {"": Unit("", changer, {name: self._drive(name) for name in self._names})}

    async def _open_serial(self) -> SerialLink:
        self._serial = self.cabinet.serial()
        return self._serial

    def _drive(self, name: str) -> XorrisoDrive:
        commands = WatchedCommands(self.cabinet.command_line(name), self._processes)
        return XorrisoDrive(
            name, self.cabinet.device_path(name), commands, self.cabinet.block_device(name)
        )

    async def disconnect(self) -> None:
        if self._serial is not None:
            await self._serial.aclose()
        for process in self._processes:
            await process.close_stdin()
        self._processes.clear()

    def befall(self, what: str, where: str = "", **more: object) -> None:
        """Let a fault begin, or end."""
        inject(self.cabinet, Fault(what, where, **more))

    def press_reset(self) -> None:
        """Press the robot controller's button."""
        self.cabinet.robot.receive(b"\x18")

    def disc_in(self, place: str) -> Disc | None:
        return self.cabinet.world.disc_at(place)

    @property
    def discs(self) -> list[Disc]:
        return list(self.cabinet.world.state.discs.values())

    def content(self, disc: Disc, size_bytes: int) -> bytes:
        return self.cabinet.world.image_path(disc).read_bytes()[:size_bytes]


def hold(station: Station, rack: Rack) -> None:
    """I2 and I7: every medium is where the firmware says, and none was burned twice.

    A medium that the firmware holds to be outside is in no slot, drive or gripper.
    """
    told = {medium.place.partition(":")[2] for medium in station.media()} - {""}
    real = {disc.place for disc in rack.discs} - {"outside", "floor"}
    assert told == real
    assert all(disc.burns <= 1 for disc in rack.discs)
    for medium in station.media():
        disc = rack.disc_in(medium.home_slot or "")
        if disc is not None:
            assert disc.burns == 0 or not medium.state.may_be_burned
