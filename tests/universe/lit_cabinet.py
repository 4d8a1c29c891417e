"""A smart disc cabinet whose lights and sensors are the firmware's own, and a person's hands."""

from contextlib import AsyncExitStack
from pathlib import Path

from appliance.building.chips import Chips
from appliance.building.units import build_panels, build_units
from appliance.hardware import Hardware
from simulators.hands.hand import do
from tests.appliance.jobs.station import Units
from tests.universe.desk import MODULE, DeskCabinet


class LitCabinet(DeskCabinet):
    """As `DeskCabinet`, without the person who follows the lights by himself."""

    def __init__(self, folder: Path, *, discs: int = 3) -> None:
        super().__init__(folder, discs=discs)
        self.is_there = False
        self.hardware = Hardware()

    def connect(self) -> Units:
        chips = Chips(self._config, self._profile, self.wires, AsyncExitStack())
        panels = build_panels(self._config, self._profile, chips)
        units = build_units(self._config, self._profile, self.wires, panels, None)
        self.hardware = Hardware(
            units=units,
            slot_sensors={name: panel.sensors for name, panel in panels.items()},
            slot_lights={name: panel.lights.layer("shown") for name, panel in panels.items()},
        )
        return units

    def hand(self, *words: str) -> str:
        self.cabinet.world.doors[MODULE].is_open = True
        return do(self.cabinet, list(words))
