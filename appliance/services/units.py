"""The units of a library, each by itself: what fails in one stops that one alone.

A unit is what one robot serves. It *works* when it is known where its media are, its robot and
line do not fail, and at least one of its drives is in service.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.services.drives import Drives, Use
from appliance.services.media import Medium, offline
from appliance.services.mover import Mover
from appliance.services.slots import Slots
from hal.interfaces.changer import Changer
from hal.interfaces.guidance import Guide

NOT_HERE = 2202


class LibraryUnit:
    """One unit at run time."""

    def __init__(
        self, name: str, changer: Changer, mover: Mover, drives: Drives, *, by_hand: bool
    ) -> None:
        self.name = name
        self.changer = changer
        self.mover = mover
        self.by_hand = by_hand
        self.guide = changer if isinstance(changer, Guide) else None
        """Who tells the person what to do, where a person carries."""
        self._drives = drives
        self.ready = asyncio.Event()
        """Set once it is known where the unit's media are."""
        self.failed = asyncio.Event()
        """Set while the robot or its line fails."""

    @property
    def fault(self) -> ErrorInfo | None:
        return self.mover.fault

    @property
    def works(self) -> bool:
        return (
            self.ready.is_set() and self.mover.fault is None and self._drives.in_service(self.name)
        )

    @property
    def doing(self) -> str:
        """What its robot is at, or what its person is asked to do; empty when it rests."""
        return (self.guide.asks if self.guide else "") or self.mover.doing


class Units:
    """All units of the appliance, by name, and which of them a slot, drive or medium is in."""

    def __init__(
        self,
        units: Mapping[str, LibraryUnit],
        slots: Slots,
        drives: Drives,
        changed: Callable[[], None],
    ) -> None:
        self._units = dict(units)
        self._slots = slots
        self._drives = drives
        self._changed = changed
        for unit in units.values():
            unit.mover.fault_changed = partial(self._heed, unit)

    def __iter__(self) -> Iterator[LibraryUnit]:
        return iter(self._units.values())

    def __len__(self) -> int:
        return len(self._units)

    def get(self, name: str) -> LibraryUnit:
        return self._units[name]

    def of_slot(self, slot: str) -> LibraryUnit | None:
        name = self._slots.unit_of(slot)
        return None if name is None else self._units[name]

    def of_drive(self, drive: str) -> LibraryUnit:
        return self._units[self._drives.seat(drive).unit]

    def find(self, medium: Medium) -> LibraryUnit | None:
        """The unit that the medium is in or belongs to; unset when that is not here."""
        if medium.robot is not None:
            return self._units.get(medium.robot)
        if medium.drive is not None:
            seat = next((seat for seat in self._drives if seat.name == medium.drive), None)
            if seat is not None:
                return self._units[seat.unit]
        return self.of_slot(medium.home_slot) if medium.home_slot else None

    def of_medium(self, medium: Medium) -> LibraryUnit:
        """The unit that can handle the medium.

        Raises:
            SteleError: 2202 its node is not part of this appliance any more; 2210 its magazine is
                out.
        """
        unit = self.find(medium)
        if medium.offline_in:
            raise offline(medium)
        if unit is None:
            raise SteleError(NOT_HERE, f"no robot here reaches medium {medium.id}: {medium.place}")
        return unit

    def any_ready(self) -> bool:
        """Whether work without a medium may begin; always where there is no unit at all."""
        return not self._units or any(unit.ready.is_set() for unit in self)

    def any_other_works(self, unit: LibraryUnit) -> bool:
        return any(other.works for other in self if other is not unit)

    def _heed(self, unit: LibraryUnit) -> None:
        """A unit has failed, or works again: burns that wait for its drives may go elsewhere."""
        fault = unit.mover.fault
        if fault is None:
            unit.failed.clear()
        else:
            unit.failed.set()
            if self.any_other_works(unit):
                self._drives.turn_away(unit.name, Use.WRITE, fault)
        self._changed()
