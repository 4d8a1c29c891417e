"""What every door needs around it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.services.access.brakes import Brakes
from appliance.services.access.ledger import Ledger
from appliance.services.alarms import Alarms
from appliance.services.events import EventSink
from appliance.services.gates import Gates


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine behind the doors, and whom to tell. Without robots doors hold nothing up."""

    gates: Gates
    brakes: Brakes
    alarms: Alarms
    events: EventSink
    now: Callable[[], datetime]
    changed: Callable[[], None]
    ledger: Ledger
    open_within_s: float = 30.0
    """How long an unlocked door waits to be opened."""
    left_open_s: float = 300.0
    """How long a door may be open without an alarm."""
    service_open_s: float = 14_400.0
    """The same, when a service code opened it."""
    rest_within_s: float = 180.0
    """How long an unlocking waits for motion to end."""

    def bar(self, place: str) -> list[asyncio.Task[None]]:
        """Stop all motion at once and let none begin; the tasks end when the robots stand."""
        if not self.brakes:
            return []
        stopping = self.brakes.hold()
        self.gates.interlock.gate.close(place)
        return stopping

    def bar_quietly(self, place: str) -> None:
        """Let no motion begin; what moves may end."""
        if self.brakes:
            self.gates.interlock.gate.close(place)

    def unbar(self, place: str) -> None:
        """Let motion go on, unless another door, or a magazine pulled in motion, is in the way."""
        self.gates.interlock.gate.open(place)
        in_the_way = ("door:", "magazine:")
        if not any(reason.startswith(in_the_way) for reason in self.gates.interlock.gate.reasons):
            self.brakes.release()
