"""Watches the presence sensors of the slots: a disc that comes or goes without a job is noticed.

While a person carries for a job the guide watches; of the slots in which a person files in or
takes out that job does.
"""

import asyncio
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from appliance.contract.states import SlotState
from appliance.services.inventory import Inventory
from appliance.services.slots import Slots
from appliance.services.units import Units
from hal.errors import HalError
from hal.interfaces.slot_panel import SlotSensors

LOOK_EVERY_S = 1.0
SURE = 2
"""How often running a sensor says the same before it is believed."""

log = logging.getLogger(__name__)


class PresenceWatch:
    """One task over all sensors."""

    def __init__(
        self,
        panels: Mapping[str, SlotSensors],
        *,
        slots: Slots,
        units: Units,
        inventory: Inventory,
    ) -> None:
        self._panels = dict(panels)
        self._slots = slots
        self._units = units
        self._inventory = inventory
        self._names = {slot for panel in panels.values() for slot in panel.slots}
        self._differs: dict[str, int] = {}
        self._expected: list[frozenset[str]] = []

    def has(self, slot: str) -> bool:
        return slot in self._names

    async def read(self) -> dict[str, bool]:
        """Every slot whose sensor answers."""
        found: dict[str, bool] = {}
        for name, panel in self._panels.items():
            try:
                found.update(await panel.read())
            except HalError as error:
                log.warning("module %s cannot be asked: %s", name, error)
        return found

    @contextmanager
    def expecting(self, slots: Collection[str]) -> Iterator[None]:
        """Meanwhile a job watches every module of these slots."""
        mine = frozenset(slots)
        self._expected.append(mine)
        try:
            yield
        finally:
            self._expected.remove(mine)

    async def run(self) -> None:
        """Never returns."""
        while self._panels:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._is_watched():
                self._differs.clear()
                continue
            try:
                self._compare(await self.read())
            except Exception:  # the boundary of the watch: it must go on
                log.exception("what the presence sensors say could not be taken in")

    def _is_watched(self) -> bool:
        """Whether somebody else looks, or it is not known yet where the media are."""
        return bool(self._expected) or any(
            unit.mover.is_busy or not unit.ready.is_set() for unit in self._units
        )

    def _compare(self, found: Mapping[str, bool]) -> None:
        if self._is_watched():  # since they were read
            return
        for slot in self._slots.all():
            full = found.get(slot.name)
            if full is None or slot.probed_at is None:
                continue
            if (slot.state is SlotState.FULL) is full:
                self._differs.pop(slot.name, None)
                continue
            times = self._differs[slot.name] = self._differs.get(slot.name, 0) + 1
            if times >= SURE:
                del self._differs[slot.name]
                self._inventory.notice(slot.name, present=full)
