"""The board between the computer's digital lines and the cabinet.

Inputs of the computer: contacts of doors, keys and bolts (low: closed, turned, out), hazard
contacts (low: all is well; a cut wire says danger), tachometers. Outputs: locks (high draws the
bolt), fans (high: on). Nothing drives an output line that the computer has not set up: a
resistor on the board holds it low.

A cut `…lock` or `…output` wire keeps that output low. Not modelled: voltages between low
and high, and the current that an output gives.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from simulators.devices.board.bolt import Bolt
from simulators.devices.board.contact import BOUNCE, WIRE_CUT, Contact, Inputs
from simulators.devices.board.tachometer import Tachometer
from simulators.world.description import Description
from simulators.world.places import fault_name
from simulators.world.world import World


@dataclass(frozen=True)
class Outputs:
    """What the board does to the computer's lines and to the cabinet."""

    grounded: frozenset[int]
    """Lines (BCM) that are pulled to ground now; all others are open."""
    drawn: Mapping[str, bool]
    """By door: where its coil has brought the bolt."""
    fans_on: Mapping[str, bool]
    wake_s: float


class Board:
    """One cabinet's board. Reads the world, and says what is to be changed in it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines = name_lines(world.description)
        self._closed = _contacts(world)
        self._contacts = {name: Contact(closed()) for name, closed in self._closed.items()}
        self._bolts = {door.name: Bolt() for door in world.description.doors}
        self._tachometers = {fan.name: Tachometer() for fan in world.description.fans}
        self._slow: Outputs | None = None
        self._driven_high: frozenset[int] = frozenset()

    def notice(self) -> None:
        """The world has changed: look at it at the next update."""
        self._slow = None

    def update(self, now_s: float, driven_high: frozenset[int]) -> Outputs:
        """Carry everything on to this time, with these lines driven high by the computer."""
        slow = self._slow
        if slow is None or driven_high != self._driven_high or now_s >= slow.wake_s:
            slow = self._slow = self._update_slow(now_s, driven_high)
            self._driven_high = driven_high
        if not any(slow.fans_on.values()):
            return slow
        pulses, wakes = set(), [slow.wake_s]
        for name, tachometer in self._tachometers.items():
            felt = tachometer.update(now_s, self._world.fans.is_turning(name))
            wakes.append(felt.wake_s)
            line = f"{name}.tachometer"
            if felt.grounded and not self._has(WIRE_CUT, line):
                pulses.add(self._lines[line])
        return replace(slow, grounded=slow.grounded | pulses, wake_s=min(wakes))

    def _update_slow(self, now_s: float, driven_high: frozenset[int]) -> Outputs:
        """All but the tachometers, which alone never rest."""
        grounded, wakes, drawn = set(), [math.inf], {}
        for name, contact in self._contacts.items():
            inputs = Inputs(
                self._closed[name](), self._has(WIRE_CUT, name), self._has(BOUNCE, name)
            )
            felt = contact.update(now_s, inputs)
            wakes.append(felt.wake_s)
            grounded |= {self._lines[name]} if felt.grounded else set()
        for name, bolt in self._bolts.items():
            moved = bolt.update(now_s, self._is_high(f"{name}.lock", driven_high))
            wakes.append(moved.wake_s)
            drawn[name] = moved.drawn
        fans = {name: self._is_high(f"{name}.output", driven_high) for name in self._tachometers}
        return Outputs(frozenset(grounded), drawn, fans, min(wakes))

    def _is_high(self, line: str, driven_high: frozenset[int]) -> bool:
        return self._lines[line] in driven_high and not self._has(WIRE_CUT, line)

    def _has(self, fault: str, line: str) -> bool:
        faults = self._world.state.faults
        return bool(faults) and fault_name(fault, line) in faults


def name_lines(description: Description) -> dict[str, int]:
    """The lines of a cabinet by name, with their BCM numbers."""
    lines = dict(description.hazards)
    for door in description.doors:
        lines |= {
            f"{door.name}.contact": door.contact,
            f"{door.name}.key": door.key,
            f"{door.name}.bolt": door.bolt,
            f"{door.name}.lock": door.lock,
        }
    for fan in description.fans:
        lines |= {f"{fan.name}.output": fan.output, f"{fan.name}.tachometer": fan.tachometer}
    return lines


def _contacts(world: World) -> dict[str, Callable[[], bool]]:
    """The contacts to ground by line, each with the question whether it is closed."""
    of_hazards: dict[str, Callable[[], bool]] = {
        "smoke": lambda: not world.state.hazards.smoke,
        "water": lambda: not world.state.hazards.water,
        "mains": lambda: not world.state.hazards.mains_lost,
    }
    contacts = {name: of_hazards[name] for name in world.description.hazards}
    for lines in world.description.doors:
        contacts |= door_contacts(world, lines.name)
    return contacts


def door_contacts(world: World, name: str) -> dict[str, Callable[[], bool]]:
    """A door's contacts to ground by line, each with the question whether it is closed."""
    door = world.doors[name]
    return {
        f"{name}.contact": lambda: not door.is_open,
        f"{name}.key": lambda: door.key_turned,
        f"{name}.bolt": lambda: door.bolt_out,
    }
