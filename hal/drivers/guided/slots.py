"""All slots of all modules: which are full, which are lit, and what changed that nobody asked."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from hal.errors import HalError
from hal.interfaces.slot_panel import SlotLights, SlotSensors

WRONG_SLOT = 2130
NO_ANSWER = 2131
NO_PANEL = 2132
Picture = Mapping[str, bool]


class WatchedSlots:
    """Presence and lights of several modules as one."""

    def __init__(self, sensors: Sequence[SlotSensors], lights: Sequence[SlotLights]) -> None:
        self._sensors = sensors
        self.names = tuple(slot for panel in sensors for slot in panel.slots)
        self._lights_of = [(panel, frozenset(panel.slots)) for panel in lights]
        self._sensor_of = {slot: panel for panel in sensors for slot in panel.slots}

    async def picture(self) -> Picture:
        """Every slot whose sensor answers, and whether a disc is in it.

        Raises:
            HalError: 2132 not one module can be asked.
        """
        found: dict[str, bool] = {}
        failed: list[HalError] = []
        for panel in self._sensors:
            try:
                found.update(await panel.read())
            except HalError as error:
                failed.append(error)
        if failed and len(failed) == len(self._sensors):
            raise HalError(NO_PANEL, "no module's slots can be asked", failed[0].message)
        return found

    def __contains__(self, slot: str) -> bool:
        return slot in self._sensor_of

    async def is_full(self, slot: str) -> bool:
        """Raises `HalError`: 2131 the slot's sensor gives no answer."""
        try:
            answer = (await self._sensor_of[slot].read([slot])).get(slot)
        except HalError as error:
            raise HalError(NO_ANSWER, f"slot {slot} cannot be asked", error.message) from error
        if answer is None:
            raise HalError(NO_ANSWER, f"slot {slot} cannot be asked", "its sensor is silent")
        return answer

    async def light(self, lit: Collection[str]) -> None:
        """Show these. A light that cannot be switched is no reason to stop: `asks` says it too."""
        await asyncio.gather(
            *(panel.show(slots.intersection(lit)) for panel, slots in self._lights_of),
            return_exceptions=True,
        )


def astray(before: Picture, now: Picture, asked: str) -> list[tuple[str, bool]]:
    """Slots, but the one asked for, that are not as they were: name, and whether full now.

    A slot whose sensor is silent says nothing.
    """
    return [
        (slot, full)
        for slot, full in now.items()
        if slot != asked and before.get(slot, full) is not full
    ]


def mistake_of(strays: Sequence[tuple[str, bool]], asked: str) -> HalError:
    """What the person is told about them."""
    names = [slot for slot, _ in strays[:5]]
    slot, full = strays[0]
    did, undo = (
        (f"a disc was put into slot {slot}", "take it out of there again")
        if full
        else (f"the disc of slot {slot} was taken", "put it back there")
    )
    return HalError(WRONG_SLOT, f"{did}, but slot {asked} is meant: {undo}", ", ".join(names))
