"""Tray and spindle of one drive."""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from simulators.world.disc import Disc
from simulators.world.world import World

GONE = "drive-gone"
"""Name of the fault in the world that cuts a drive off its cable, with the drive's name."""


class Order(Enum):
    """What the drive can be told."""

    EJECT = auto()
    """Move the tray out. A tray that is out moves in and out again, as libburn makes it."""
    LOAD = auto()
    """Move the tray in, and spin up."""


@dataclass(frozen=True)
class Outputs:
    moving: bool
    ready: bool
    """A disc is in and spins: it can be read and written."""
    wake_s: float


class Drive:
    """The tray counts as open in the world only while it is fully out."""

    def __init__(self, world: World, name: str, now_s: float) -> None:
        self.name = name
        self._world = world
        self._model = world.description.drives
        self._steps: deque[tuple[float, bool]] = deque()
        self._ready_s = math.inf
        if not self._is_open:
            self._spin_up(now_s)

    @property
    def _is_open(self) -> bool:
        return self.name in self._world.state.open_trays

    @property
    def disc(self) -> Disc | None:
        """The disc on the tray, wherever the tray is."""
        return self._world.disc_at(self.name)

    def update(self, now_s: float, order: Order | None = None) -> Outputs:
        """Take an order, unless the tray is moving, and carry the drive on to `now_s`."""
        while self._steps and self._steps[0][0] <= now_s:
            at_s, opens = self._steps.popleft()
            if opens:
                self._world.set_tray(self.name, True)
            else:
                self._spin_up(at_s)
            self._begin_step()
        if order and not self._steps:
            self._take(now_s, order)
        ready = self._ready_s <= now_s
        times = [self._steps[0][0]] if self._steps else []
        if not ready:
            times.append(self._ready_s)
        return Outputs(bool(self._steps), ready, min(times, default=math.inf))

    def _take(self, now_s: float, order: Order) -> None:
        tray_s = self._model.tray_s
        if order is Order.LOAD:
            if self._is_open and not self._obstructed():
                self._steps.append((now_s + tray_s, False))
        elif self._is_open:
            if not self._obstructed():
                self._steps += [(now_s + tray_s, False), (now_s + 2 * tray_s, True)]
        else:
            self._steps.append((now_s + tray_s, True))
        self._begin_step()

    def _begin_step(self) -> None:
        """A tray that begins to move is neither open for the arm nor ready for reading."""
        if self._steps:
            self._ready_s = math.inf
            self._world.set_tray(self.name, False)

    def _spin_up(self, now_s: float) -> None:
        self._ready_s = now_s + self._model.spin_up_s if self.disc else math.inf

    def _obstructed(self) -> bool:
        """Whether the arm is in the way of the tray."""
        unit = self._world.layout.unit_of(self.name)
        if unit is None:
            return False
        table = self._world.description.turntable
        angle_deg, height_mm = table.drive_axes(unit.stations.index(self.name))
        x, y, z = self._world.state.arms[unit.name].position_mm
        return (
            abs(x - angle_deg) <= table.angle_tolerance_deg
            and abs(y - height_mm) <= table.height_tolerance_mm
            and -z > table.front_reach_mm
        )
