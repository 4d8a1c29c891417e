"""A hybrid cabinet with few slots, disks and tapes, whole: real drivers over wires in memory."""

import asyncio
from pathlib import Path

import msgspec

from appliance.building.hardware import build_hardware
from appliance.hardware import Hardware
from appliance.labels.desk import LabelDesk
from appliance.profiles.profile import Profile, load_profile
from appliance.services.power.disks import DiskPower
from appliance.services.printing import Printing
from appliance.services.stores import Stores, make_stores
from simulators.cabinet import Cabinet
from simulators.world.description import Extent
from simulators.world.world import World
from tests.appliance.jobs.archive import Archive
from tests.appliance.jobs.station import Station, Units
from tests.universe.wires import CabinetWires, config_of

CAPACITY_SECTORS = 8192


class Media:
    """A simulated hybrid cabinet, as `Rig`. Make it in the running loop."""

    def __init__(self, folder: Path, *, disks: int = 2, tapes: int = 2) -> None:
        world = World.create(
            folder,
            "hybrid",
            discs=3,
            capacity_sectors=CAPACITY_SECTORS,
            extent=Extent(disks=disks, tapes=tapes),
        )
        kind = msgspec.structs.replace(world.description.drives, base_speed=20_000.0)
        world.description = msgspec.structs.replace(world.description, drives=kind)
        self.cabinet = Cabinet(world)
        self.wires = CabinetWires(self.cabinet)
        self._config = config_of(self.cabinet, folder)
        self._profile = _small(load_profile("hybrid"))
        self.hardware = Hardware()

    def connect(self) -> Units:
        self.hardware = build_hardware(self._config, self._profile, self.wires)
        return self.hardware.units

    async def disconnect(self) -> None:
        for link in self.wires.opened:
            await link.aclose()
        self.wires.opened.clear()
        await self.hardware.links.aclose()


class MediaStation(Station):
    """The firmware's jobs over it, with disks, tapes and printer."""

    def __init__(self, folder: Path, media: Media, content: Archive) -> None:
        super().__init__(folder, media, content)
        self._media = media
        self.power: DiskPower | None = None

    def _stores(self) -> Stores:
        hardware = self._media.hardware
        self.power = DiskPower(hardware.bays, start_every_s=5.0, idle_off_s=600.0)
        self.stores = make_stores(
            self.db,
            hardware,
            self.power,
            library=self.library,
            events=self.outbox,
            changed=lambda: None,
        )
        return self.stores

    def _printing(self) -> Printing | None:
        printer = self._media.hardware.printer
        assert printer is not None
        self.printing = Printing(
            self.db,
            printer,
            self._media.hardware.camera,
            LabelDesk(),
            folder=self.folder / "labels",
            media=self.library.media,
            alarms=self.library.alarms,
            changed=lambda: None,
        )
        return self.printing

    async def kill(self) -> None:
        if self.power is not None:
            self.power.stop()
        await super().kill()

    async def known(self) -> None:
        """Wait until it is known what there is."""
        await asyncio.gather(*(shelf.ready.wait() for shelf in self.stores.shelves.values()))
        await self.surveyed()


def _small(profile: Profile) -> Profile:
    """The same machine, of whose first tier only some slots are used."""
    assert profile.turntable is not None
    table = msgspec.structs.replace(profile.turntable, tiers=1, slots_per_tier=4)
    return msgspec.structs.replace(profile, turntable=table)
