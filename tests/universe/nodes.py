"""A PB library of few nodes with few slots each, whole: real drivers over wires in memory."""

from pathlib import Path

import msgspec

from appliance.building.units import build_units
from appliance.hardware import Unit
from appliance.profiles.profile import Profile, load_profile
from simulators.cabinet import Cabinet
from simulators.world.description import Extent
from simulators.world.disc import Disc
from simulators.world.world import World
from tests.appliance.jobs.station import Station, Units
from tests.universe.wires import CabinetWires, config_of

CAPACITY_SECTORS = 8192


class Nodes:
    """A simulated PB library, as `Rig`. Make it in the running loop."""

    def __init__(
        self,
        folder: Path,
        *,
        nodes: int = 3,
        slots: int = 4,
        discs: int = 3,
        base_speed: float = 20_000.0,
    ) -> None:
        """Each node has `discs` in its first slots."""
        world = World.create(
            folder,
            "pb-library",
            discs=0,
            capacity_sectors=CAPACITY_SECTORS,
            extent=Extent(units=nodes),
        )
        kind = msgspec.structs.replace(world.description.drives, base_speed=base_speed)
        world.description = msgspec.structs.replace(world.description, drives=kind)
        for unit in world.layout.robots:
            for number in range(1, discs + 1):
                world.move(world.add_disc(CAPACITY_SECTORS), f"{unit}.s{number:03}")
        self.cabinet = Cabinet(world)
        self.wires = CabinetWires(self.cabinet)
        self._config = config_of(self.cabinet, folder)
        self._profile = _small(load_profile("pb-library"), slots)
        self._units: dict[str, Unit] = {}

    def connect(self) -> Units:
        self._units = build_units(self._config, self._profile, self.wires, {}, None)
        return self._units

    async def disconnect(self) -> None:
        for link in self.wires.opened:
            await link.aclose()
        self.wires.opened.clear()

    async def cut_line(self, unit: str) -> None:
        """Somebody pulls the robot's cable."""
        self.wires.cut.add(unit)
        await self.wires.links[unit].aclose()

    def mend_line(self, unit: str) -> None:
        self.wires.cut.discard(unit)

    def disc_in(self, place: str) -> Disc | None:
        return self.cabinet.world.disc_at(place)

    @property
    def discs(self) -> list[Disc]:
        return list(self.cabinet.world.state.discs.values())


def _small(profile: Profile, slots: int) -> Profile:
    """The same machine, of whose first tier only some slots are used."""
    assert profile.turntable is not None
    table = msgspec.structs.replace(profile.turntable, tiers=1, slots_per_tier=slots)
    return msgspec.structs.replace(profile, turntable=table, magazines=(), latches=None)


def hold(station: Station, nodes: Nodes) -> None:
    """I2 and I7: every medium is where the firmware says, and none was burned twice."""
    here = [m for m in station.media() if m.robot is None and m.offline_in is None]
    told = {m.place.partition(":")[2] for m in here} - {""}
    layout = nodes.cabinet.world.layout
    real = {disc.place for disc in nodes.discs} & {*layout.slots, *layout.drives}
    assert told == real
    assert all(disc.burns <= 1 for disc in nodes.discs)
