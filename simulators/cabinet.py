"""A whole simulated cabinet in the running event loop, for tests over in-memory links.

    async def story() -> None:
        with Cabinet(World.create(folder, discs=3)) as cabinet:
            port = cabinet.serial()             # as the firmware's SerialLink
            burner = cabinet.command_line("d1")  # as CommandLine, started with cabinet.device_path("d1")
            disc = cabinet.block_device("d1")    # as BlockDevice
    run_virtual(story())

A crash of the firmware is simulated by cancelling it and building its drivers again
over new `serial()`, `command_line()` and `block_device()`: the cabinet goes on, as hardware
does. `stop()` is a power cut of the cabinet; a new `Cabinet` over the reopened world is
the power coming back.
"""

from types import TracebackType

from simulators.links.memory import MemorySerial
from simulators.links.serial import RobotWire
from simulators.world.world import World


class Cabinet:
    """Robot and drives over one world. Make it, and use it, inside a running event loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.robot = RobotWire(world)
        self.robot.receive()

    def serial(self) -> MemorySerial:
        """Open the robot's port. An earlier opening is cut off (`ConnectionError`)."""
        return MemorySerial(self.robot)

    def stop(self) -> None:
        """Cut the power; the world is saved and closed. No error when already stopped."""
        self.robot.stop()
        self.world.close()

    def __enter__(self) -> "Cabinet":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
