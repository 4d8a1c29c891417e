"""A fan that is switched by an output and tells its turning by pulses of a tachometer."""

import asyncio

from hal.drivers.line.state import state_of, switch
from hal.errors import HalError
from hal.transports.interfaces import InputLine, OutputLine

PATIENCE_S = 3.0
"""A fan needs a second or two from standstill."""
STANDSTILL_S = 1.0
"""Without a pulse for so long it does not turn: even 60 turns a minute give two a second."""
POLL_S = 0.05


class TachometerFan:
    """`Fan`. Make it in the running loop: it listens to the tachometer from then on.

    No more than the time of the latest change is kept, so a fast fan costs little.
    """

    verified = "simulator"

    def __init__(
        self,
        name: str,
        *,
        power: OutputLine,
        tachometer: InputLine,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._name = name
        self._power = power
        self._tachometer = tachometer
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._pulse_at_s: float | None = None
        tachometer.watch(self._pulse)

    @property
    def name(self) -> str:
        return self._name

    def is_turning(self) -> bool:
        """Whether a pulse came within the last second.

        Raises:
            HalError: 1020 the tachometer's line cannot be read.
        """
        state_of(self._tachometer, self._name)
        return self._pulse_at_s is not None and self._loop.time() - self._pulse_at_s <= STANDSTILL_S

    async def ensure_running(self, on: bool) -> None:
        """Switch it; returns when its tachometer agrees. It is left as it was ordered.

        Raises:
            HalError: 2121 it is on and does not turn; 2122 it is off and turns on; 1020, 1021.
        """
        if on and not self.is_turning():
            self._pulse_at_s = None
        await switch(self._power, self._name, on=on)
        until_s = self._loop.time() + self._patience_s + (0 if on else STANDSTILL_S)
        while self.is_turning() != on:
            if self._loop.time() >= until_s:
                if on:
                    raise HalError(2121, f"the fan {self._name} is on and does not turn")
                raise HalError(2122, f"the fan {self._name} is off and still turns")
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        self._tachometer.close()
        self._power.close()

    def _pulse(self, _level: bool) -> None:
        self._pulse_at_s = self._loop.time()
