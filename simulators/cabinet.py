"""A whole simulated cabinet in the running event loop, for tests over in-memory links::

    async def story() -> None:
        with Cabinet(World.create(folder, discs=3)) as cabinet:
            port = cabinet.serial()  # as the firmware's SerialLink
            burner = cabinet.command_line("d1")  # as CommandLine
            process = await burner.start("-no_rc", "-outdev", cabinet.device_path("d1"), "-toc")
            disc = cabinet.block_device("d1")  # as BlockDevice

    run_virtual(story())

A crash of the firmware is simulated by cancelling it and building its drivers again
over new `serial()`, `command_line()` and `block_device()`: the cabinet goes on, as hardware
does. `stop()` is a power cut of the cabinet; a new `Cabinet` over the reopened world is
the power coming back.
"""

import asyncio

from simulators.links.drive import DriveWire
from simulators.links.electronics import Electronics
from simulators.links.i2c import MemoryI2c, MemorySmbus
from simulators.links.memory import MemoryBlockDevice, MemorySerial
from simulators.links.memory_gpio import MemoryGpio
from simulators.links.memory_program import MemoryCommandLine
from simulators.links.program import Program
from simulators.links.serial import RobotWire
from simulators.links.tag_reader import MemoryTagReader
from simulators.links.toolbox import Toolbox
from simulators.links.xorriso.program import Xorriso
from simulators.world.world import World


class Cabinet:
    """Everything that moves in one world. Make it, and use it, inside a running event loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.set_clock(asyncio.get_running_loop().time)
        self.robots = {unit: RobotWire(world, unit) for unit in world.layout.robots}
        """By unit; a cabinet's only robot is called ``""``."""
        for robot in self.robots.values():
            robot.receive()
        self.drives = {name: DriveWire(world, name) for name in world.layout.drives}
        self.xorriso = Xorriso(self.drives)
        self.tools = Toolbox(world)
        self.programs: dict[str, Program] = {"burner": self.xorriso, **self.tools.programs}
        """Every simulated command by its word."""
        self.electronics = Electronics(world)
        """Buses, digital lines and tag readers."""
        self._running = True

    @property
    def robot(self) -> RobotWire:
        """The only robot, or the first."""
        return next(iter(self.robots.values()))

    def serial(self, unit: str = "") -> MemorySerial:
        """Open a robot's port. An earlier opening is cut off (`ConnectionError`)."""
        return MemorySerial(self.robots[unit])

    def i2c(self, bus: str = "main") -> MemoryI2c:
        """Open an I2C bus, as the firmware's I2cBus."""
        return MemoryI2c(self.electronics.buses[bus])

    def smbus(self, bus: str = "main") -> MemorySmbus:
        """Open an I2C bus, in the shape of `smbus2.SMBus`."""
        return MemorySmbus(self.electronics.buses[bus])

    def gpio(self) -> MemoryGpio:
        """Open the computer's digital lines, as the firmware's GpioLines."""
        return MemoryGpio(self.electronics.gpio)

    def tag_reader(self, place: str) -> MemoryTagReader:
        """Open the port of a magazine's reader. An earlier opening is cut off."""
        return MemoryTagReader(self.electronics.readers[place])

    def command_line(self, drive: str) -> MemoryCommandLine:
        """The burner command, as configured for a drive; the device is in its arguments."""
        del drive
        return MemoryCommandLine(self.xorriso)

    def commands(self, word: str) -> MemoryCommandLine:
        """A simulated command (`mt`, `smartctl` …) as the firmware's command line."""
        return MemoryCommandLine(self.programs[word])

    def device_path(self, drive: str) -> str:
        """Address of a drive for the burner command; also the path of its block device."""
        return str(self.drives[drive].link)

    def block_device(self, drive: str) -> MemoryBlockDevice:
        """The drive as a block device."""
        return MemoryBlockDevice(self.drives[drive])

    async def until_writing(self) -> None:
        """Wait until any drive has begun to write a disc."""
        waiting = [asyncio.ensure_future(drive.until_writing()) for drive in self.drives.values()]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    def refresh(self) -> None:
        """Look at the world again, after it was changed from outside (a fault, a person)."""
        for robot in self.robots.values():
            robot.receive()
        for drive in self.drives.values():
            drive.refresh()
        self.tools.refresh()
        self.electronics.refresh()

    def settle(self) -> str:
        """Write down what drifts with time, such as the air, for whoever reads the world."""
        self.world.air.settle()
        self.world.save("air")
        return "settled"

    def stop(self) -> None:
        """Cut the power; the world is saved and closed. No error when already stopped."""
        if self._running:
            self._running = False
            self.xorriso.stop()
            self.tools.stop()
            self.electronics.stop()
            for robot in self.robots.values():
                robot.stop()
            for drive in self.drives.values():
                drive.stop()
            self.world.close()

    def __enter__(self) -> "Cabinet":
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
