"""A person at a disc cabinet, who does what the lights ask and nothing else.

``python -m simulators.demo.person WORLD CONFIG`` looks at the cabinet as eyes do (which slot is
lit, which tray is out, where a disc lies), and acts with the commands that hands and fingers have:
``stele-sim hand`` for key, door and disc, ``stele-appliance unlock`` for the keypad.

- A slot is lit and has a disc, and an empty tray is out: the disc goes from the slot to the tray.
- A slot is lit and empty, and a disc lies in a tray that is out, or in the hand: it goes there.
- A disc is in the hand and no empty slot is lit: it goes back to where it was taken from.

A door stays open for one carry only: nothing moves meanwhile. After a carry the person looks on
until the cabinet has seen it, and the light of that slot goes out: a slot that was just filled
still looks as if its disc were asked for.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulators.demo.processes import command
from simulators.world.description import load_description
from simulators.world.layout import Layout, lay_out
from simulators.world.places import OUTSIDE
from simulators.world.world import State, read_state

NAME, PIN = "demo", "271828"
LOOK_EVERY_S = 0.2
SEEN_WITHIN_S = 10.0
"""How long a light may stay on after what it asked for was done, before it asks for more."""


@dataclass(frozen=True)
class Carry:
    """What the lights ask for."""

    source: str
    """A slot or tray; empty for a disc that is in the hand already."""
    target: str
    door: str


def what_is_asked(state: State, layout: Layout) -> Carry | None:
    """Understand lights and trays; None when there is nothing to do."""
    place_of = {disc.place: disc.serial for disc in state.discs.values()}
    desk = [*layout.drives, *layout.printers]
    out = [name for name in desk if name in state.open_trays]
    held = [serial for serial in state.taken if state.discs[serial].place == OUTSIDE]
    for slot in sorted(state.lights):
        unit = layout.unit_of(slot)
        if unit is None:
            continue
        if slot in place_of:
            empty = [name for name in out if name not in place_of]
            if empty and not held:
                return Carry(slot, empty[0], unit.name)
        elif held:
            return Carry("", slot, unit.name)
        else:
            full = [name for name in out if name in place_of]
            if full:
                return Carry(full[0], slot, unit.name)
    return None


def way_back(state: State, layout: Layout, came_from: Mapping[str, str]) -> Carry | None:
    """Where a disc in the hand goes that nobody asked for; `came_from` has slots by serial."""
    for serial in state.taken:
        slot = came_from.get(serial, "")
        unit = layout.unit_of(slot)
        if state.discs[serial].place == OUTSIDE and unit is not None:
            return Carry("", slot, unit.name)
    return None


class Person:
    """Two hands and a PIN."""

    def __init__(self, world: Path, config: Path) -> None:
        self._world = world
        self._config = config
        self._came_from: dict[str, str] = {}
        """Where each disc in the hand was taken from, by serial."""

    def look(self, layout: Layout) -> Carry | None:
        """What is to be done next: what the lights ask for, else to empty the hand."""
        state = read_state(self._world)
        return what_is_asked(state, layout) or way_back(state, layout, self._came_from)

    def watch_it_seen(self, carry: Carry) -> None:
        """Wait until the slot of a carry is dark."""
        slot = carry.target if carry.target.startswith(f"{carry.door}.") else carry.source
        until = time.monotonic() + SEEN_WITHIN_S
        while slot in read_state(self._world).lights and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)

    def carry(self, carry: Carry) -> None:
        """Do one carry. Raises CalledProcessError: something was not as it looked."""
        to_slot = carry.target.startswith(f"{carry.door}.")
        if to_slot and carry.source:
            self._take(carry.source)
        self._open(carry.door)
        try:
            if not to_slot:
                self._take(carry.source)
            self._hand("put", carry.target)
        finally:
            self._hand("close", carry.door)
            self._hand("turn-key-back", carry.door)

    def _take(self, place: str) -> None:
        there = {d.serial for d in read_state(self._world).discs.values() if d.place == place}
        self._hand("take", place)
        self._came_from.update(dict.fromkeys(there, place))

    def _open(self, door: str) -> None:
        if read_state(self._world).doors[door].is_open:
            return
        self._hand("turn-key", door)
        words = (command("stele-appliance"), "unlock", door, "--config", str(self._config))
        subprocess.run(words, check=True, input=f"{PIN}\n", text=True)
        self._hand("open", door)

    def _hand(self, *words: str) -> None:
        subprocess.run((command("stele-sim"), "hand", str(self._world), *words), check=True)


def main() -> None:
    """Look and act until SIGTERM. What does not work is said, and tried again at the next look."""
    world, config = Path(sys.argv[1]), Path(sys.argv[2])
    state = read_state(world)
    layout = lay_out(load_description(state.profile), state.extent)
    person = Person(world, config)
    print("ready", flush=True)
    while True:
        asked = person.look(layout)
        if asked is None:
            time.sleep(LOOK_EVERY_S)
            continue
        print(f"from {asked.source or 'the hand'} to {asked.target}", flush=True)
        try:
            person.carry(asked)
            person.watch_it_seen(asked)
        except subprocess.CalledProcessError as error:
            print(f"that did not work: {error}", flush=True)
            time.sleep(1.0)


if __name__ == "__main__":
    main()
