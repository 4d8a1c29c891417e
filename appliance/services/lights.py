"""The lights at the slots, for all who want some lit: locating, filing in, taking out.

What the guide of a person who carries wants lit is a layer of its own, beside these.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from appliance.contract.errors import SteleError
from hal.errors import HalError
from hal.interfaces.slot_panel import SlotLights

NO_LIGHT = 2230
_LOCATED = "locate"

log = logging.getLogger(__name__)


class Lights:
    """A light is lit while anybody wants it. Asked for in memory: a restart leaves all dark."""

    def __init__(self, panels: Mapping[str, SlotLights], changed: Callable[[], None]) -> None:
        self._panels = [(panel, frozenset(panel.slots)) for panel in panels.values()]
        self._wanted: dict[str, frozenset[str]] = {}
        self._changed = changed
        self._turn = asyncio.Lock()
        self._switching: asyncio.Task[None] | None = None

    @property
    def lit(self) -> frozenset[str]:
        """What is wanted lit now."""
        return frozenset[str]().union(*self._wanted.values())

    def has(self, slot: str) -> bool:
        return any(slot in slots for _, slots in self._panels)

    def locate(self, slot: str, *, on: bool) -> None:
        """Have one slot lit, or dark again; a few moments later it is.

        Raises:
            SteleError: 2230 there is no light at this slot.
        """
        if not self.has(slot):
            raise SteleError(NO_LIGHT, f"there is no light at slot {slot!r}")
        located = self._wanted.get(_LOCATED, frozenset())
        self._want(_LOCATED, located | {slot} if on else located - {slot})

    @contextmanager
    def showing(self, owner: str, slots: Collection[str]) -> Iterator[None]:
        """Have these lit meanwhile; where there are no lights nothing is."""
        self.show(owner, slots)
        try:
            yield
        finally:
            self.show(owner, ())

    def show(self, owner: str, slots: Collection[str]) -> None:
        """Have these lit for somebody, and no others because of them."""
        self._want(owner, frozenset(slot for slot in slots if self.has(slot)))

    def _want(self, owner: str, slots: frozenset[str]) -> None:
        if slots == self._wanted.get(owner, frozenset()):
            return
        self._wanted[owner] = slots
        if not slots:
            del self._wanted[owner]
        self._switching = asyncio.ensure_future(self._switch())
        self._changed()

    async def _switch(self) -> None:
        """Bring the lights to what is wanted by then."""
        async with self._turn:
            for panel, slots in self._panels:
                try:
                    await panel.show(slots & self.lit)
                except HalError as error:
                    log.warning("some lights cannot be switched: %s", error)
