"""Any simulated cabinet as the firmware's wires, in memory, and the configuration that names them.

The configuration is the one that the cabinet itself writes (`wires.toml`): so whatever runs here
also says that both sides mean the same by it.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from appliance.building.wires import Command, Wires
from appliance.config import load_config
from appliance.settings import Config
from hal.errors import HalError
from hal.transports.interfaces import BlockDevice, GpioLines, I2cBus, SerialLink
from simulators.cabinet import Cabinet
from simulators.links.electronics_server import bus_socket, reader_port
from simulators.wires import describe_wires, robot_port


class CabinetWires(Wires):
    """Every address of a cabinet's `wires.toml`, without a process or a file descriptor."""

    def __init__(self, cabinet: Cabinet) -> None:
        folder = cabinet.world.folder
        self._cabinet = cabinet
        self._ports: dict[str, Callable[[], SerialLink]] = {}
        self.cut: set[str] = set()
        """Units whose robot's line is cut."""
        self.links: dict[str, SerialLink] = {}
        """The present link to each unit's robot."""
        for unit in cabinet.robots:
            self._ports[str(folder / robot_port(unit))] = lambda unit=unit: self._robot(unit)
        for place in cabinet.electronics.readers:
            self._ports[str(folder / reader_port(place))] = lambda place=place: cabinet.tag_reader(
                place
            )
        self._buses = {str(folder / bus_socket(n)): n for n in cabinet.electronics.buses}
        self._drives = {str(drive.link): name for name, drive in cabinet.drives.items()}
        self.opened: list[SerialLink] = []

    def serial(self, port: str, baud: int) -> Callable[[], Awaitable[SerialLink]]:
        async def open_port() -> SerialLink:
            link = self._ports[port]()
            self.opened.append(link)
            return link

        return open_port

    def _robot(self, unit: str) -> SerialLink:
        if unit in self.cut:
            raise HalError(1001, f"the line to robot {unit} cannot be opened")
        self.links[unit] = self._cabinet.serial(unit)
        return self.links[unit]

    def command(self, argv: Sequence[str]) -> Command:
        return self._cabinet.commands(argv[list(argv).index("--world") - 1])

    def block_device(self, device: str) -> BlockDevice:
        return self._cabinet.block_device(self._drives[device])

    def i2c(self, path: str) -> I2cBus:
        return self._cabinet.i2c(self._buses[path])

    def gpio(self, factory: str, chip: str) -> GpioLines:
        return self._cabinet.gpio()


def config_of(cabinet: Cabinet, folder: Path) -> Config:
    """What an operator would write for this cabinet; the firmware's state goes into `folder`."""
    file = folder / "appliance.toml"
    file.write_text(
        f'[appliance]\nid = "sim"\nsite = "here"\nprofile = "{cabinet.world.description.profile}"\n'
        f'state_dir = "{folder / "state"}"\n[broker]\nurl = "mqtt://memory"\n'
        + describe_wires(cabinet),
        "utf-8",
    )
    return load_config(file)
