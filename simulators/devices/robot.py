"""The robot as one device: motion controller and mechanics, each other's inputs."""

import math
from dataclasses import dataclass

from simulators.devices.grbl import controller
from simulators.devices.grbl.controller import Controller
from simulators.devices.grbl.settings import Settings
from simulators.devices.turntable import mechanics
from simulators.devices.turntable.mechanics import Mechanics
from simulators.world.places import name_in
from simulators.world.power import ROBOT_W
from simulators.world.world import World

MAX_ROUNDS = 10_000


@dataclass(frozen=True)
class Outputs:
    sent: bytes
    wake_s: float


class Robot:
    """What is at the other end of the serial wire of one unit (``""``: of the only one)."""

    def __init__(self, world: World, unit: str = "") -> None:
        self._world = world
        self._unit = unit
        limits = world.description.controller
        self._settings = Settings(limits.rate_mm_min, limits.acceleration_mm_s2, limits.travel_mm)
        kept = world.state.eeproms.get(unit, {})
        self._settings.values.update({int(number): value for number, value in kept.items()})
        self._kept: dict[int, float] = {}
        self.controller = Controller(self._settings)
        self._mechanics = Mechanics(world, unit)
        self._load = name_in(unit, "robot")
        self._felt = self._mechanics.update(0.0, mechanics.Inputs(None, flood=False))
        self._wake_s = math.inf

    def update(self, now_s: float, received: bytes = b"") -> Outputs:
        """Carry controller and mechanics on until both rest until a later time.

        A clock that runs fast is late by many simulated moments, so everything that was due
        before `now_s` happens at its own time first: no motion may begin and end unseen.
        """
        sent = b""
        for _ in range(MAX_ROUNDS):
            if self._wake_s >= now_s:
                return Outputs(sent + self._settle(now_s, received), self._wake_s)
            sent += self._settle(self._wake_s)
        raise RuntimeError(f"the robot cannot catch up with {now_s} s")

    def _settle(self, now_s: float, received: bytes = b"") -> bytes:
        """Let controller and mechanics answer each other until nothing changes at this time."""
        sent = bytearray()
        for _ in range(MAX_ROUNDS):
            felt = self._felt
            told = self.controller.update(
                now_s,
                controller.Inputs(
                    received, felt.probe, felt.limits, felt.to_switch_mm, felt.contact
                ),
            )
            received = b""
            sent += told.sent
            self._felt = self._mechanics.update(now_s, mechanics.Inputs(told.motion, told.flood))
            self._world.power.set(self._load, ROBOT_W if told.motion else 0.0)
            self._wake_s = min(told.wake_s, self._felt.wake_s)
            if self._felt == felt and self._wake_s > now_s:
                self._keep_settings()
                return bytes(sent)
        raise RuntimeError(f"the robot finds no rest at {now_s} s")

    def _keep_settings(self) -> None:
        if self._kept != self._settings.values:
            self._kept = dict(self._settings.values)
            written = {str(number): value for number, value in self._kept.items()}
            self._world.state.eeproms[self._unit] = written
            self._world.save("eeproms")
