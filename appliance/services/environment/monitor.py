"""Watches every sensor: keeps the history, raises the alarms, and holds up burning in bad air."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from appliance.contract.messages import EnvironmentTelemetry, ErrorInfo, ReadingView
from appliance.contract.messages.local import HistorySpan
from appliance.services.alarms import Alarms
from appliance.services.environment.history import History
from appliance.services.environment.limits import DAY_S, DRIFT_STEP_S
from appliance.services.environment.policy import Policy
from appliance.services.environment.probes import Probe
from appliance.services.environment.sensor import (
    NOISY,
    OUT_OF_LIMITS,
    SILENT,
    STUCK,
    TOO_FAST,
    Quantity,
    Sensor,
)
from appliance.services.gates import Gates

log = logging.getLogger(__name__)

CLIMATE, DUST = "climate", "dust"
"""Reasons for which burning waits."""
Sight = Callable[[], list[ReadingView]]
"""What else shows itself among the readings: smoke, water, fans."""


class Monitor:
    """Made inside the running loop; `start` before use, `stop` at the end."""

    def __init__(
        self,
        probes: Iterable[Probe],
        policy: Policy,
        *,
        history: History | None,
        gates: Gates,
        alarms: Alarms,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        interval_s: float,
        sights: Iterable[Sight] = (),
    ) -> None:
        self.sensors = [Sensor(probe, policy) for probe in probes]
        self._history = history
        self._gates = gates
        self._alarms = alarms
        self._now = now
        self._changed = changed
        self._interval_s = interval_s
        self._sights = tuple(sights)
        self._standing: dict[tuple[str, int], bool] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to read every sensor."""
        self._remember_changes()
        self._tasks = [
            asyncio.create_task(self._watch(sensor), name=f"sensor {sensor.name}")
            for sensor in self.sensors
        ]

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def telemetry(self) -> EnvironmentTelemetry:
        """Everything as it is now."""
        readings = [
            quantity.view(sensor.fault) for sensor in self.sensors for quantity in sensor.quantities
        ]
        gates = self._gates
        work = dict.fromkeys((*gates.work.reasons, *gates.interlock.gate.reasons))
        return EnvironmentTelemetry(
            at=self._now(),
            readings=[*readings, *(view for sight in self._sights for view in sight())],
            burning_paused_by=list(gates.burning.reasons),
            work_paused_by=list(work),
        )

    async def _watch(self, sensor: Sensor) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            await sensor.read()
            try:
                self._note(sensor)
            except Exception:  # the boundary of a sensor: the others go on
                log.exception("a reading of %s cannot be taken in", sensor.name)
            due_s = max(due_s + self._interval_s, loop.time())
            await asyncio.sleep(due_s - loop.time())

    def _note(self, sensor: Sensor) -> None:
        """What a reading, or its absence, leads to."""
        silence = sensor.silence()
        for code in (SILENT, STUCK, NOISY):
            found = silence if silence is not None and silence.code == code else None
            self._alarm(sensor.place, code, found)
        for quantity in sensor.quantities:
            if quantity.value is not None:
                self._alarm(quantity.place, OUT_OF_LIMITS, quantity.out_of_limits())
                self._alarm(quantity.place, TOO_FAST, quantity.too_fast())
                if self._history is not None:
                    self._history.note(sensor.name, quantity.name, quantity.value)
        self._judge_burning()
        self._changed()

    def _alarm(self, place: str, code: int, error: ErrorInfo | None) -> None:
        """Raise or clear one alarm when that is news; the table is on the disk."""
        stands = error is not None
        if self._standing.get((place, code)) is stands:
            return
        self._standing[place, code] = stands
        if error is not None:
            self._alarms.sound(place, error)
        else:
            self._alarms.clear(place, code)

    def _judge_burning(self) -> None:
        for reason in (CLIMATE, DUST):
            if any(self._is_bad(name) for name in self._pausing(reason)):
                self._gates.burning.close(reason)
            else:
                self._gates.burning.open(reason)

    def _pausing(self, reason: str) -> set[str]:
        """Quantities of a reason that have a say about burning."""
        return {
            quantity.name
            for sensor in self.sensors
            for quantity in sensor.quantities
            if quantity.limits.pauses_burning
            and quantity.name.startswith("dust") is (reason == DUST)
        }

    def _is_bad(self, name: str) -> bool:
        """Whether any sensor finds it out of its limits, or none has had a value for long.

        What a sensor found last counts until it has been silent for long: a damaged transfer must
        not let a burn begin in bad air.
        """
        found = [
            (sensor, quantity)
            for sensor in self.sensors
            for quantity in sensor.quantities
            if quantity.name == name
        ]
        heard = [quantity for sensor, quantity in found if not sensor.is_silent_for_long()]
        return not heard or any(quantity.was_outside for quantity in heard)

    def _remember_changes(self) -> None:
        """Take the last day from the history, so that a restart forgets no change."""
        if self._history is None:
            return
        now, now_s = self._now(), asyncio.get_running_loop().time()
        known = set(self._history.series())
        for sensor in self.sensors:
            for quantity in sensor.quantities:
                if (sensor.name, quantity.name) in known:
                    self._seed(self._history, sensor.name, quantity, now, now_s)

    def _seed(
        self, history: History, sensor: str, quantity: Quantity, now: datetime, now_s: float
    ) -> None:
        steps: dict[float, list[float]] = {}
        for point in history.query(sensor, quantity.name, HistorySpan.DAY):
            age_s = (now - point.at).total_seconds()
            if 0 <= age_s < DAY_S:
                steps.setdefault(age_s // DRIFT_STEP_S, []).append(point.mean)
        for step in sorted(steps, reverse=True):
            means = steps[step]
            quantity.drift.seed(now_s - step * DRIFT_STEP_S, sum(means) / len(means))
