"""Everything about disks and tapes of one appliance, together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from appliance.hardware import Hardware
from appliance.services.carriers import Carriers
from appliance.services.disks.drawers import Drawers
from appliance.services.disks.shelf import DiskShelf
from appliance.services.events import EventSink
from appliance.services.holdings import Holdings
from appliance.services.library import Library
from appliance.services.power.disks import DiskPower
from appliance.services.shelf import Shelf
from appliance.services.tapes.shelf import TapeShelf


@dataclass(frozen=True, slots=True)
class Stores:
    """The inventories, and the shelf of each kind of medium that there is."""

    carriers: Carriers
    holdings: Holdings
    shelves: Mapping[MediumKind, Shelf[Any]] = field(default_factory=dict)
    drawers: Drawers | None = None
    """Of the disk bays, where there are any."""

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        """The picture of the library with disks and tapes in it."""
        for shelf in self.shelves.values():
            picture = shelf.shown(picture)
        return picture


def make_stores(
    db: Database,
    hardware: Hardware,
    power: DiskPower,
    *,
    library: Library,
    events: EventSink,
    changed: Callable[[], None],
) -> Stores:
    """The shelves of whatever bays and tape drives the appliance has."""
    carriers, holdings = Carriers(db, events), Holdings(db)
    shelves: dict[MediumKind, Shelf[Any]] = {}
    drawers = None
    if hardware.bays:
        disks = DiskShelf(
            hardware.bays,
            power,
            carriers=carriers,
            holdings=holdings,
            reservations=library.reservations,
            losses=library.losses,
            alarms=library.alarms,
        )
        shelves[MediumKind.DISK], drawers = disks, disks.drawers
    if hardware.tape_changer is not None:
        shelves[MediumKind.TAPE] = TapeShelf(
            hardware.tape_changer,
            hardware.tape_drives,
            carriers=carriers,
            holdings=holdings,
            reservations=library.reservations,
            losses=library.losses,
            alarms=library.alarms,
            changed=changed,
        )
    return Stores(carriers, holdings, shelves, drawers)
