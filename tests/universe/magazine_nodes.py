"""A PB library of few nodes whose magazines have few slots each, and a person's hands."""

from contextlib import AsyncExitStack
from pathlib import Path

from appliance.building.chips import Chips
from appliance.building.sensing import build_tags
from appliance.hardware import Hardware
from appliance.profiles.profile import load_profile
from simulators.hands.hand import do
from tests.appliance.jobs.station import Units
from tests.universe.nodes import Nodes

SLOTS = 4


class MagazineNodes(Nodes):
    """As `Nodes`, with the first magazine of each, its reader and its latch."""

    def __init__(self, folder: Path, *, nodes: int = 2, discs: int = 3) -> None:
        super().__init__(folder, nodes=nodes, slots=SLOTS, discs=discs)
        self.hardware = Hardware()

    def connect(self) -> Units:
        units = super().connect()
        profile = load_profile("pb-library")
        chips = Chips(self._config, profile, self.wires, AsyncExitStack())
        tags = build_tags(self._config, profile, chips, self.wires)
        places = [f"{unit}.g1" for unit in units]
        self.hardware = Hardware(
            units=units,
            tag_readers={place: tags["tag_readers"][place] for place in places},
            latches={place: tags["latches"][place] for place in places},
            magazine_slots={
                f"{unit}.g1": tuple(f"{unit}.s{n:03}" for n in range(1, SLOTS + 1))
                for unit in units
            },
            contacts={"door-front": None},  # type: ignore[dict-item]  # only that there is a door
        )
        return units

    def is_open(self, place: str) -> bool:
        return self.cabinet.world.magazines.is_released(place)

    def hand(self, *words: str) -> str:
        """A person does it with the front door open."""
        door = self.cabinet.world.doors["front"]
        door.is_open = True
        try:
            return do(self.cabinet, list(words))
        finally:
            door.is_open = False

    def force(self, place: str) -> None:
        """Somebody draws the latch with a tool."""
        self.cabinet.world.magazines.set_released(place, released=True)
