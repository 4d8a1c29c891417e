"""The fans run, but for smoke, which they would feed; one that does not turn is an alarm."""

import asyncio
from collections.abc import Callable, Iterable

from appliance.contract.errors import info_of
from appliance.contract.messages import ErrorInfo, ReadingView
from appliance.contract.states import ReadingState
from appliance.services.alarms import Alarms
from hal.errors import HalError
from hal.interfaces.fan import Fan

LOOK_S = 10.0


class Ventilation:
    """`run` never returns; cancel it to end."""

    def __init__(
        self,
        fans: Iterable[Fan],
        *,
        must_rest: Callable[[], bool],
        alarms: Alarms,
        changed: Callable[[], None],
    ) -> None:
        self._fans = {fan.name: fan for fan in fans}
        self._must_rest = must_rest
        self._alarms = alarms
        self._changed = changed
        self._faults: dict[str, ErrorInfo | None] = {}

    async def run(self) -> None:
        while self._fans:
            for fan in self._fans.values():
                await self._see_to(fan)
            self._changed()
            await asyncio.sleep(LOOK_S)

    def views(self) -> list[ReadingView]:
        """Each fan among the readings; 1 is turning."""
        return [self._view(fan) for fan in self._fans.values()]

    async def _see_to(self, fan: Fan) -> None:
        try:
            await fan.ensure_running(not self._must_rest())
        except HalError as error:
            fault: ErrorInfo | None = info_of(error)
        else:
            fault = None
        if fan.name in self._faults and self._faults[fan.name] == fault:
            return
        self._faults[fan.name] = fault
        if fault is not None:
            self._alarms.sound(f"fan:{fan.name}", fault)
        else:
            self._alarms.clear(f"fan:{fan.name}")

    def _view(self, fan: Fan) -> ReadingView:
        fault = self._faults.get(fan.name)
        turning = fan.is_turning()
        state = ReadingState.GOOD if turning or fault is None else ReadingState.LOW
        return ReadingView(fan.name, "fan", "", state, float(turning), error=fault)
