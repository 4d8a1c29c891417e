"""A contact that tells of danger, read so that a glitch is nothing and silence is danger."""

import asyncio
from collections.abc import Callable

from appliance.contract.errors import info_of
from appliance.contract.messages import ErrorInfo, ReadingView
from appliance.contract.states import ReadingState
from hal.errors import HalError
from hal.interfaces.contact import Contact

CONFIRM_S = 0.3
"""A bounce or a spike on a long wire is shorter."""
RETURN_S = 5.0
UNREADABLE_S = 10.0
"""A line that cannot be read for so long is taken for the danger that it guards against."""
LOOK_S = 1.0


class Sign:
    """`changed` is called with every confirmed change. `start` before use, `stop` at the end."""

    def __init__(self, contact: Contact, changed: Callable[[bool], None]) -> None:
        self.name = contact.name
        self.is_on = False
        self.fault: ErrorInfo | None = None
        self._contact = contact
        self._changed = changed
        self._raw: bool | None = False
        self._since_s = 0.0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, *, was_on: bool = False) -> None:
        """Ask at once: what is on at the start needs no confirmation.

        A line that cannot be read yet says what it said last, which is `was_on`.
        """
        self._raw, self._since_s = self._ask(), asyncio.get_running_loop().time()
        if self._raw:
            self._decide(on=True)
        elif self._raw is None:
            self.is_on = was_on
        self._contact.watch(lambda _: self._wake.set())
        self._task = asyncio.create_task(self._keep(), name=f"sign {self.name}")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def view(self, quantity: str) -> ReadingView:
        """As one of the readings; 1 is danger."""
        state = ReadingState.HIGH if self._raw else ReadingState.GOOD
        if self._raw is None:
            state = ReadingState.UNAVAILABLE
        value = None if self._raw is None else float(self._raw)
        return ReadingView(self.name, quantity, "", state, value, error=self.fault)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            raw = self._ask()
            if raw is not self._raw:
                self._raw, self._since_s = raw, loop.time()
            left_s = self._due_s() - loop.time()
            if left_s <= 0:
                self._decide(on=raw is not False)
                left_s = LOOK_S
            try:
                async with asyncio.timeout(min(left_s, LOOK_S)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _due_s(self) -> float:
        """When what the line says now is to be believed."""
        wait_s = {True: CONFIRM_S, False: RETURN_S, None: UNREADABLE_S}[self._raw]
        return self._since_s + wait_s

    def _decide(self, *, on: bool) -> None:
        if on is not self.is_on:
            self.is_on = on
            self._changed(on)

    def _ask(self) -> bool | None:
        try:
            active = self._contact.is_active()
        except HalError as error:
            self.fault = info_of(error)
            return None
        self.fault = None
        return active
