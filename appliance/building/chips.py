"""The chips on the I2C buses: one bus, one set of multiplexers, one expander an address."""

from contextlib import AsyncExitStack

from appliance.building.wires import Wires
from appliance.profiles.overlaps import chips as chips_of
from appliance.profiles.profile import Profile
from appliance.profiles.wiring import ChipPlace, line_number
from appliance.settings import Config
from hal.drivers.mcp23017.driver import Expander
from hal.drivers.mcp23017.pin import ExpanderPin
from hal.drivers.tca9548a.driver import Multiplexers
from hal.transports.interfaces import I2cBus

PORT_A, PORT_B = 0x00FF, 0xFF00
"""The lines of an expander's ports, as bits."""


class Chips:
    """Makes each bus, multiplexer and expander once, for whoever asks for it first."""

    def __init__(
        self, config: Config, profile: Profile, wires: Wires, links: AsyncExitStack
    ) -> None:
        self._paths = {bus.name: bus.path for bus in config.buses}
        self._wires = wires
        self._links = links
        self._muxes: dict[str, set[int]] = {}
        for _, place in chips_of(profile):
            if place.mux is not None:
                self._muxes.setdefault(place.bus, set()).add(place.mux)
        self._buses: dict[str, I2cBus] = {}
        self._multiplexers: dict[str, Multiplexers] = {}
        self._expanders: dict[ChipPlace, Expander] = {}

    def has_bus(self, name: str) -> bool:
        """Whether the configuration says where the bus is."""
        return name in self._paths

    def bus(self, name: str) -> I2cBus:
        if name not in self._buses:
            bus = self._buses[name] = self._wires.i2c(self._paths[name])
            self._links.push_async_callback(bus.aclose)
        return self._buses[name]

    def multiplexers(self, bus: str) -> Multiplexers:
        if bus not in self._multiplexers:
            addresses = sorted(self._muxes.get(bus, ()))
            self._multiplexers[bus] = Multiplexers(self.bus(bus), addresses)
        return self._multiplexers[bus]

    def bus_of(self, place: ChipPlace) -> I2cBus:
        """The bus on which a chip answers, or the channel behind which it does."""
        if place.mux is None:
            return self.bus(place.bus)
        return self.multiplexers(place.bus).channel(place.mux, place.channel)

    def expander(self, place: ChipPlace, *, outputs: int, name: str) -> Expander:
        """The expander at a place; whoever asks first says what its outputs are."""
        if place not in self._expanders:
            self._expanders[place] = Expander(
                self.bus_of(place), place.address, outputs=outputs, name=name
            )
        return self._expanders[place]


def pin(expander: Expander, line: str, *, active_high: bool) -> ExpanderPin:
    """One line by its port and bit, such as ``A3``."""
    return expander.pin(line_number(line), active_high=active_high)
