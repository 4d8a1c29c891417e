"""One sensor over time: what its last reading means, and which alarms it gives reason for.

A sensor that fails has no value from that moment on; the last good one is never shown again.
"""

import asyncio
import math

from appliance.contract.errors import info_of
from appliance.contract.messages import ErrorInfo, ReadingView
from appliance.contract.states import ReadingState
from appliance.services.environment.limits import DriftWatch, RangeWatch, ScatterWatch, StuckWatch
from appliance.services.environment.policy import QUANTITIES, Policy
from appliance.services.environment.probes import Probe
from hal.errors import HalError

OUT_OF_LIMITS = 4030
TOO_FAST = 4031
SILENT = 4032
STUCK = 4033
NOISY = 4035

READ_S = 5.0
"""A sensor that takes longer does not answer."""
TRIES = 2
"""Noise damages one transfer; two in a row are the sensor's own."""


class Quantity:
    """One quantity of one sensor."""

    def __init__(self, sensor: str, name: str, policy: Policy) -> None:
        self.name = name
        self.limits = policy.limits(name)
        self.place = f"{sensor}:{name}"
        self.drift = DriftWatch()
        self.scatter = ScatterWatch(self.limits)
        self.state = ReadingState.UNKNOWN
        self.value: float | None = None
        self.change = 0.0
        self._sensor = sensor
        self._range = RangeWatch(self.limits)

    @property
    def was_outside(self) -> bool:
        """Whether its last reading was out of the limits, however long ago that was."""
        return self._range.is_outside

    def take(self, now_s: float, value: float) -> None:
        self.value = value
        self.state = self._range.feed(now_s, value)
        self.change = self.drift.feed(now_s, value)

    def lose(self) -> None:
        self.value, self.state = None, ReadingState.UNAVAILABLE

    def out_of_limits(self) -> ErrorInfo | None:
        """Why there is an alarm about its value."""
        if self.state not in (ReadingState.LOW, ReadingState.HIGH):
            return None
        limit = self.limits.low if self.state is ReadingState.LOW else self.limits.high
        bound = f"{limit.value:g}" if limit else ""
        return ErrorInfo(
            OUT_OF_LIMITS,
            f"{self.name} at {self._sensor} is {self.value:.1f} {QUANTITIES[self.name]}, "
            f"{'below' if self.state is ReadingState.LOW else 'above'} {bound}",
            limit.source if limit else "",
        )

    def too_fast(self) -> ErrorInfo | None:
        """Why there is an alarm about its rate of change."""
        most = self.limits.change_per_day
        if most is None or self.change <= most.value:
            return None
        return ErrorInfo(
            TOO_FAST,
            f"{self.name} at {self._sensor} changed by {self.change:.1f} "
            f"{QUANTITIES[self.name]} within a day, more than {most.value:g}",
            most.source,
        )

    def view(self, error: ErrorInfo | None) -> ReadingView:
        return ReadingView(
            sensor=self._sensor,
            quantity=self.name,
            unit=QUANTITIES[self.name],
            state=self.state,
            value=self.value,
            low=self.limits.low.value if self.limits.low else None,
            high=self.limits.high.value if self.limits.high else None,
            error=error,
        )


class Sensor:
    """Reads one probe again and again; `read` never raises."""

    def __init__(self, probe: Probe, policy: Policy) -> None:
        self.name = probe.name
        self.place = f"sensor:{probe.name}"
        self.quantities = [Quantity(probe.name, name, policy) for name in probe.quantities]
        self.fault: ErrorInfo | None = None
        """Why there is no value now."""
        self._probe = probe
        self._stuck = StuckWatch()
        self._silent_since_s: float | None = None

    async def read(self) -> None:
        """Ask the sensor once, with one more try."""
        now_s = asyncio.get_running_loop().time()
        try:
            values = await self._ask()
        except (HalError, TimeoutError) as error:
            for quantity in self.quantities:
                quantity.scatter.forget()
            self._lose(now_s, _fault(self.name, error))
            return
        fault = self._stands_still(now_s, values) or self._scatters(values)
        if fault is not None:
            self._lose(now_s, fault)
            return
        self.fault = self._silent_since_s = None
        for quantity, value in zip(self.quantities, values, strict=True):
            quantity.take(now_s, value)

    def _stands_still(self, now_s: float, values: tuple[float, ...]) -> ErrorInfo | None:
        same_s = self._stuck.feed(now_s, values)
        limit_s = min(
            (q.limits.stuck_s.value for q in self.quantities if q.limits.stuck_s), default=math.inf
        )
        if same_s < limit_s:
            return None
        told = f"sensor {self.name} has said the same for {same_s / 60:.0f} minutes"
        return ErrorInfo(STUCK, told, f"{values}")

    def _scatters(self, values: tuple[float, ...]) -> ErrorInfo | None:
        """One quantity that scatters says that none of the sensor's values can be relied on."""
        pairs = zip(self.quantities, values, strict=True)
        noisy = [quantity.name for quantity, value in pairs if quantity.scatter.feed(value)]
        if not noisy:
            return None
        told = f"sensor {self.name} is noisy: its {', '.join(noisy)} jumps up and down"
        return ErrorInfo(NOISY, told, f"{values}")

    def silent_s(self) -> float:
        """For how long there has been no value."""
        if self._silent_since_s is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._silent_since_s

    def is_silent_for_long(self) -> bool:
        allowed_s = min(q.limits.silent_s.value for q in self.quantities)
        return self.fault is not None and self.silent_s() >= allowed_s

    def silence(self) -> ErrorInfo | None:
        """Why there is an alarm about the sensor itself."""
        if self.fault is None:
            return None
        if self.fault.code in (STUCK, NOISY):
            return self.fault
        if not self.is_silent_for_long():
            return None
        return ErrorInfo(SILENT, f"sensor {self.name} gives no reading", self.fault.message)

    async def _ask(self) -> tuple[float, ...]:
        for last in range(TRIES, 0, -1):
            try:
                async with asyncio.timeout(READ_S):
                    values = await self._probe.read()
            except HalError:
                if last == 1:
                    raise
                continue
            if all(math.isfinite(value) for value in values):
                return values
        raise HalError(1012, f"sensor {self.name} brings values that are no numbers")

    def _lose(self, now_s: float, fault: ErrorInfo) -> None:
        self.fault = fault
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        for quantity in self.quantities:
            quantity.lose()


def _fault(name: str, error: Exception) -> ErrorInfo:
    if isinstance(error, HalError):
        return info_of(error)
    return ErrorInfo(SILENT, f"sensor {name} does not answer within {READ_S:g} s")
