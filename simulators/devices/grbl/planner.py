"""The queue of motion blocks and the one under way.

Positions are machine coordinates as the controller counts them, in mm; whether the
machine really is there is the mechanics' business.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from simulators.devices.grbl.motion import Motion, Vector, limit_by_axes
from simulators.devices.grbl.report import PLANNER_BLOCKS
from simulators.devices.grbl.settings import Settings

ORIGIN: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Contact:
    """What the mechanics foresee for one motion: where on its way, in mm, something happens."""

    motion: Motion
    probe_at_mm: float | None = None
    """The probe pin changes."""
    crash_at_mm: float | None = None
    """The machine runs into something and closes the limit switches."""


@dataclass(frozen=True)
class PlannedBlock:
    """One line of motion; `rate_mm_min` None means rapid."""

    target: Vector
    rate_mm_min: float | None = None
    probing: bool = False
    homing: bool = False


class Event(Enum):
    """How a motion went on."""

    DONE = auto()
    TOUCHED = auto()
    CRASHED = auto()


class Planner:
    """Executes blocks one after another, each from rest to rest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._blocks: deque[PlannedBlock] = deque()
        self._current: PlannedBlock | None = None
        self._contact: Contact | None = None
        self._chained_s: float | None = None
        self._position = ORIGIN
        self.motion: Motion | None = None
        self.braking = False
        self.touched_at: Vector | None = None
        self.feed_percent = 100
        self.rapid_percent = 100

    @property
    def empty(self) -> bool:
        return self._current is None and not self._blocks

    @property
    def free_blocks(self) -> int:
        under_way = self._current is not None and not self.braking
        return PLANNER_BLOCKS - len(self._blocks) - under_way

    @property
    def end(self) -> Vector:
        """Where the machine will be counted to be after all blocks."""
        if self._blocks:
            return self._blocks[-1].target
        return self._current.target if self._current else self._position

    def position(self, now_s: float) -> Vector:
        return self.motion.position(now_s) if self.motion else self._position

    def rate_mm_min(self, now_s: float) -> float:
        return self.motion.speed(now_s) * 60 if self.motion else 0.0

    def add(self, block: PlannedBlock) -> None:
        """Queue a block; one without a way is dropped, as GRBL does."""
        if block.target != self.end:
            self._blocks.append(block)

    def foresee(self, contact: Contact | None) -> None:
        """Take what the mechanics foresee, if it is about the motion under way."""
        if contact and contact.motion is self.motion:
            self._contact = contact

    @property
    def wake_s(self) -> float:
        """When `advance` will have something to tell."""
        if self.motion is None:
            return float("inf")
        times = [self.motion.end_s]
        if self._contact:
            ways = (self._contact.probe_at_mm if self._probing else None, self._crash_at_mm)
            times += [self.motion.time_at(way) for way in ways if way is not None]
        return min(times)

    @property
    def _probing(self) -> bool:
        return bool(self._current and self._current.probing and not self.braking)

    @property
    def _crash_at_mm(self) -> float | None:
        if self._contact is None or not self._settings.flag(21):
            return None
        return self._contact.crash_at_mm

    def start(self, now_s: float) -> bool:
        """Begin the next block if nothing is under way; return whether one began."""
        if self.motion or not self._blocks:
            self._chained_s = None
            return False
        self._current = self._blocks.popleft()
        began_s, self._chained_s = self._chained_s or now_s, None
        self.motion = self._plan(self._current, began_s)
        return True

    def _plan(self, block: PlannedBlock, began_s: float) -> Motion:
        way = [b - a for a, b in zip(self._position, block.target, strict=True)]
        length = sum(part * part for part in way) ** 0.5
        unit = (way[0] / length, way[1] / length, way[2] / length)
        top_mm_min = limit_by_axes(unit, self._settings.rate_mm_min)
        if block.rate_mm_min is None:
            rate_mm_min = top_mm_min * self.rapid_percent / 100
        else:
            rate_mm_min = min(top_mm_min, block.rate_mm_min * self.feed_percent / 100)
        return Motion(
            start=self._position,
            end=block.target,
            began_s=began_s,
            cruise_mm_s=rate_mm_min / 60,
            acceleration_mm_s2=limit_by_axes(unit, self._settings.acceleration_mm_s2),
            homing=block.homing,
        )

    def advance(self, now_s: float) -> Event | None:
        """Carry the motion on to `now_s`; tell its next event, if it has one by then."""
        if self.motion is None or now_s < self.wake_s:
            return None
        motion, contact = self.motion, self._contact
        if contact and self._crash_at_mm is not None:
            crash_s = motion.time_at(self._crash_at_mm)
            if now_s >= crash_s and not (self._probing and contact.probe_at_mm is not None):
                self._rest(motion.point(self._crash_at_mm))
                self._blocks.clear()
                return Event.CRASHED
        if contact and self._probing and contact.probe_at_mm is not None:
            self.touched_at = motion.point(contact.probe_at_mm)
            self.brake(motion.time_at(contact.probe_at_mm))
            return Event.TOUCHED
        self._chained_s = motion.end_s
        self._rest(motion.end)
        while self._blocks and self._blocks[0].target == self._position:
            self._blocks.popleft()  # a hold while it slowed down has left nothing of it
        return Event.DONE

    def _rest(self, position: Vector) -> None:
        self._position = position
        self.motion = self._current = self._contact = None
        self.braking = False

    def brake(self, at_s: float) -> None:
        """Slow down to rest; `resume` or `flush` decides what becomes of the rest of the way."""
        if self.motion and not self.braking:
            self.motion = self.motion.stopping(at_s)
            self._contact = None
            self.braking = True
            if self._current:
                self._blocks.appendleft(self._current)

    def flush(self) -> None:
        """Forget all blocks that have not begun."""
        self._blocks.clear()

    def halt(self, now_s: float) -> None:
        """Stop dead, as a reset does, and forget all blocks."""
        self._rest(self.position(now_s))
        self._blocks.clear()

    def set_origin(self, axes: str) -> None:
        """Count the given axes as 0, after homing."""
        x, y, z = (
            0.0 if name in axes else value
            for name, value in zip("XYZ", self._position, strict=True)
        )
        self._position = (x, y, z)
