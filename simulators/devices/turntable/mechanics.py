"""Follows the controller's motion with the real machine, and moves discs accordingly.

The machine's place and the controller's count agree only after homing: after a power
cut, a crash or a stop in full motion they differ, and what happens is decided by the
machine's place.
"""

import logging
import math
from dataclasses import dataclass

from simulators.devices.grbl.motion import Motion, Vector
from simulators.devices.grbl.planner import Contact
from simulators.devices.turntable.openings import Opening, find_opening
from simulators.world.places import FLOOR, fault_name
from simulators.world.world import World

LOG = logging.getLogger(__name__)

SLIP_S = 0.02
"""A motor that is stopped dead slips on for this long at the speed that it had."""
JAM = "jam"
"""Name of the fault in the world, with the unit's name if it has one, that freezes the jaws."""


@dataclass(frozen=True)
class Inputs:
    """The controller's outputs: the motion under way and the coolant output (jaws open)."""

    motion: Motion | None
    flood: bool


@dataclass(frozen=True)
class Outputs:
    """The controller's inputs."""

    probe: bool
    limits: str
    to_switch_mm: Vector
    contact: Contact | None
    wake_s: float


class Mechanics:
    """Arm and jaws; the discs and the place of the arm are in the world."""

    def __init__(self, world: World, unit: str = "") -> None:
        self._world = world
        self._unit = world.layout.units[unit]
        self._arm = world.state.arms[unit]
        self._jam = fault_name(JAM, unit)
        self._table = world.description.turntable
        self._motion: Motion | None = None
        self._contact: Contact | None = None
        self._limits = ""
        self._jaws_target = self._arm.jaws_open
        self._jaws_done_s = math.inf

    def update(self, now_s: float, inputs: Inputs) -> Outputs:
        if inputs.motion is not self._motion:
            self._follow(now_s, inputs.motion)
        self._move_jaws(now_s, inputs.flood)
        place = self._place(now_s)
        return Outputs(
            probe=self._probe_active(place),
            limits=self._limits,
            to_switch_mm=(-place[0], -place[1], -place[2]),
            contact=self._contact,
            wake_s=self._jaws_done_s,
        )

    # The arm

    def _place(self, at_s: float) -> Vector:
        here = self._arm.position_mm
        motion = self._motion
        if motion is None:
            return here
        way_mm = motion.travelled(at_s)
        if self._contact and self._contact.crash_at_mm is not None:
            way_mm = min(way_mm, self._contact.crash_at_mm)
        point = motion.point(way_mm)
        x, y, z = (h + p - s for h, p, s in zip(here, point, motion.start, strict=True))
        return (x, y, z)

    def _follow(self, now_s: float, motion: Motion | None) -> None:
        before = self._motion
        if before is not None:
            until_s = now_s if motion is None else motion.began_s
            self._rest(self._place(until_s), before, until_s, cut=motion is None)
        self._motion, self._contact = motion, None
        if motion is not None:
            self._limits = ""
            if not motion.homing:
                self._contact = self._foresee(motion)

    def _rest(self, place: Vector, motion: Motion, at_s: float, cut: bool) -> None:
        crash_mm = self._contact.crash_at_mm if self._contact else None
        if crash_mm is not None and motion.travelled(at_s) >= crash_mm - 1e-6:
            axes = zip("XYZ", motion.start, motion.end, strict=True)
            self._limits = "".join(name for name, a, b in axes if a != b)
            LOG.warning("the arm hit something at %s", place)
        elif cut and motion.speed(at_s) > 0:
            slip_mm = motion.speed(at_s) * SLIP_S
            end = motion.point(motion.travelled(at_s))
            beyond = motion.point(motion.travelled(at_s) + slip_mm)
            x, y, z = (p + b - e for p, b, e in zip(place, beyond, end, strict=True))
            place = (x, y, z)
        self._arm.position_mm = place
        self._world.save_arm(self._unit.name)

    def _foresee(self, motion: Motion) -> Contact:
        start = self._arm.position_mm
        x, y, z = (s + e - m for s, e, m in zip(start, motion.end, motion.start, strict=True))
        depth, end_depth = -start[2], -z
        retracted_mm = self._table.retracted_mm
        if math.dist(start[:2], (x, y)) > 1e-3:
            if depth > retracted_mm:
                return Contact(motion, crash_at_mm=0.0)
            if end_depth <= retracted_mm:
                return Contact(motion)
            return Contact(motion, crash_at_mm=_way_to(motion, depth, end_depth, retracted_mm))
        opening = find_opening(self._world, self._unit, start)
        touch_mm = opening.reach_mm - self._table.touch_before_mm
        probe_mm, crash_mm = None, None
        if self._world.disc_at(opening.place) and (depth < touch_mm) != (end_depth < touch_mm):
            if self._arm.jaws_open:
                probe_mm = _way_to(motion, depth, end_depth, touch_mm)
            elif end_depth > depth:
                crash_mm = _way_to(motion, depth, end_depth, touch_mm)
        if crash_mm is None and end_depth > max(depth, opening.wall_mm):
            crash_mm = _way_to(motion, depth, end_depth, max(depth, opening.wall_mm))
        return Contact(motion, probe_mm, crash_mm)

    def _probe_active(self, place: Vector) -> bool:
        if not self._arm.jaws_open:
            return self._world.disc_at(self._unit.gripper) is not None
        opening = find_opening(self._world, self._unit, place)
        touches = -place[2] >= opening.reach_mm - self._table.touch_before_mm - 1e-6
        return touches and self._world.disc_at(opening.place) is not None

    # The jaws

    def _move_jaws(self, now_s: float, flood: bool) -> None:
        if flood != self._jaws_target:
            self._jaws_target = flood
            self._jaws_done_s = now_s + self._table.jaws_s
        if now_s < self._jaws_done_s:
            return
        self._jaws_done_s = math.inf
        if self._jam in self._world.state.faults or self._arm.jaws_open == flood:
            return
        self._arm.jaws_open = flood
        place = self._place(now_s)
        opening = find_opening(self._world, self._unit, place)
        at_reach = abs(-place[2] - opening.reach_mm) <= self._table.grip_tolerance_mm
        if flood:
            self._release(opening if at_reach else Opening("", 0.0, 0.0))
        elif at_reach and (disc := self._world.disc_at(opening.place)):
            self._world.move(disc, self._unit.gripper)
        self._world.save_arm(self._unit.name)

    def _release(self, opening: Opening) -> None:
        disc = self._world.disc_at(self._unit.gripper)
        if disc is None:
            return
        free = opening.place and self._world.disc_at(opening.place) is None
        if not free:
            LOG.warning("disc %s was dropped on the floor", disc.serial)
        self._world.move(disc, opening.place if free else FLOOR)


def _way_to(motion: Motion, depth: float, end_depth: float, wanted: float) -> float:
    """Way in mm along the motion at which the arm's depth is `wanted`."""
    return motion.distance_mm * (wanted - depth) / (end_depth - depth)
