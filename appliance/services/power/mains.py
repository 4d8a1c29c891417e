"""When the mains fail: wait for a moment, stop in order, switch off; go on when they are back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from appliance.contract.messages import ErrorInfo, ReadingView
from appliance.services.alarms import Alarms
from appliance.services.gate import Gate
from appliance.services.safety.sign import Sign
from hal.interfaces.contact import Contact

ON_BATTERY = 4040
STOPPED = 4041
PLACE = "mains"

log = logging.getLogger(__name__)


class Mains:
    """Watches the contact that says that the mains are lost."""

    def __init__(
        self,
        contact: Contact,
        *,
        grace_s: float,
        gates: Iterable[Gate],
        alarms: Alarms,
        changed: Callable[[], None],
        at_rest: Callable[[], Awaitable[object]],
        shut_down: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`at_rest` returns when all work has stopped; `shut_down` is done after that."""
        self.sign = Sign(contact, self._change)
        self._grace_s = grace_s
        self._gates = tuple(gates)
        self._alarms = alarms
        self._changed = changed
        self._at_rest = at_rest
        self._shut_down = shut_down
        self._stopping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.sign.start(was_on=self._alarms.stands(PLACE, ON_BATTERY))
        if not self.sign.is_on:
            self._alarms.clear(PLACE)
        elif self._stopping is None:  # it cannot be read yet, and they were away
            self._change(True)

    def stop(self) -> None:
        self.sign.stop()
        if self._stopping is not None:
            self._stopping.cancel()

    def view(self) -> ReadingView:
        return self.sign.view("mains_lost")

    def _change(self, lost: bool) -> None:
        if lost:
            self._alarms.sound(PLACE, ErrorInfo(ON_BATTERY, "the mains failed: on battery"))
            self._stopping = asyncio.create_task(self._give_up(), name="mains")
        else:
            if self._stopping is not None:
                self._stopping.cancel()
            self._alarms.clear(PLACE)
            for gate in self._gates:
                gate.open(PLACE)
        self._changed()

    async def _give_up(self) -> None:
        """What is done when the mains stay away."""
        await asyncio.sleep(self._grace_s)
        for gate in self._gates:
            gate.close(PLACE)
        stopped = ErrorInfo(STOPPED, f"the mains have been away for {self._grace_s:g} s")
        self._alarms.sound(PLACE, stopped)
        self._changed()
        await self._at_rest()
        if self._shut_down is not None:
            log.warning("at rest on battery: shutting down")
            await self._shut_down()
