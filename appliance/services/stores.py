"""Everything about disks and tapes of one appliance, together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from appliance.services.carriers import Carriers
from appliance.services.holdings import Holdings
from appliance.services.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Stores:
    """The inventories, and the shelf of each kind of medium that there is."""

    carriers: Carriers
    holdings: Holdings
    shelves: Mapping[MediumKind, Shelf[Any]] = field(default_factory=dict)

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        """The picture of the library with disks and tapes in it."""
        for shelf in self.shelves.values():
            picture = shelf.shown(picture)
        return picture
