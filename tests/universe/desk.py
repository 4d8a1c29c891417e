"""A smart disc cabinet, whole, and a person who does what its lights say."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from appliance.building.chips import Chips
from appliance.building.units import build_panels, build_units
from appliance.hardware import Unit
from appliance.profiles.profile import load_profile
from simulators.cabinet import Cabinet
from simulators.hands.hand import do
from simulators.hands.reach import HandError
from simulators.world.description import Extent
from simulators.world.disc import Disc
from simulators.world.world import World
from tests.appliance.jobs.station import Units
from tests.universe.wires import CabinetWires, config_of

CAPACITY_SECTORS = 8192
SLOTS = 16
MODULE = "m1"


class DeskCabinet:
    """One module of which the first slots are used, as `Rig`. Make it in the running loop."""

    def __init__(self, folder: Path, *, discs: int = 3) -> None:
        world = World.create(
            folder,
            "disc-cabinet",
            discs=discs,
            capacity_sectors=CAPACITY_SECTORS,
            extent=Extent(units=1),
        )
        kind = msgspec.structs.replace(world.description.drives, base_speed=20_000.0)
        world.description = msgspec.structs.replace(world.description, drives=kind)
        self.cabinet = Cabinet(world)
        self.wires = CabinetWires(self.cabinet)
        self._config = config_of(self.cabinet, folder)
        profile = load_profile("disc-cabinet")
        assert profile.modules is not None
        panel = msgspec.structs.replace(profile.modules.panel, slots=SLOTS)
        modules = msgspec.structs.replace(profile.modules, panel=panel)
        self._profile = msgspec.structs.replace(profile, modules=modules)
        self._config.appliance.state_dir.mkdir()
        self.unit: Unit | None = None
        self.is_there = True
        self._person = asyncio.ensure_future(self._work())
        self._held = False

    def connect(self) -> Units:
        chips = Chips(self._config, self._profile, self.wires, AsyncExitStack())
        panels = build_panels(self._config, self._profile, chips)
        units = build_units(self._config, self._profile, self.wires, panels, None)
        self.unit = units[""]
        return units

    async def disconnect(self) -> None: ...

    async def leave(self) -> None:
        self._person.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._person

    @property
    def discs(self) -> list[Disc]:
        return list(self.cabinet.world.state.discs.values())

    def lit(self) -> list[str]:
        return sorted(self.cabinet.world.state.lights)

    async def _work(self) -> None:
        """Look every two seconds, and do one thing, if one can. The door stands open meanwhile."""
        self.cabinet.world.doors[MODULE].is_open = True
        while True:
            await asyncio.sleep(2.0)
            if self.is_there:
                with contextlib.suppress(HandError):
                    self._act()

    def _act(self) -> None:
        world = self.cabinet.world
        opened = [drive for drive in ("d1", "d2") if drive in world.state.open_trays]
        for slot in self.lit():
            if world.disc_at(slot) is not None:
                if not self._held:
                    do(self.cabinet, ["take", slot])
                    self._held = True
                return
            if not self._held:
                tray = next((drive for drive in opened if world.disc_at(drive)), None)
                if tray is None:
                    return
                do(self.cabinet, ["take", tray])
                self._held = True
            do(self.cabinet, ["put", slot])
            self._held = False
            return
        empty = [drive for drive in opened if world.disc_at(drive) is None]
        if self._held and empty:
            do(self.cabinet, ["put", empty[0]])
            self._held = False
