"""All of a cabinet that hangs on I2C, digital lines and tag readers' ports, running.

`find_*` say what a name from outside is about, for the faults; they raise KeyError with the names
that there are.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from simulators.devices.board.board import name_lines
from simulators.devices.board.bolt import Bolt
from simulators.devices.wiring.expanders import (
    solder_bays,
    solder_door,
    solder_latches,
    solder_shelf,
)
from simulators.devices.wiring.places import Bus
from simulators.devices.wiring.sensors import solder_sensors
from simulators.links.gpio import GpioWire
from simulators.links.i2c import I2cWire
from simulators.links.tag_reader import TagReaderWire
from simulators.world.world import World

MAIN = "main"
T = TypeVar("T")


class Electronics:
    """Make it inside a running event loop; `stop` cuts its power."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._locks: list[ModuleLock] = []
        self.buses = {bus.name: I2cWire(bus) for bus in self._solder()}
        """By name: `main`, and a module's own."""
        self.gpio = GpioWire(world)
        self.readers: dict[str, TagReaderWire] = {}
        """By the magazine's place."""
        kinds = world.description.magazines
        for unit in world.layout.units.values():
            for place, model in zip(unit.magazines, kinds.readers if kinds else (), strict=True):
                self.readers[place] = TagReaderWire(world, place, model)

    def stop(self) -> None:
        for wire in (*self.buses.values(), self.gpio, *self.readers.values(), *self._locks):
            wire.stop()

    def _solder(self) -> list[Bus]:
        world, description = self._world, self._world.description
        main = Bus(world, MAIN)
        solder_sensors(main)
        solder_bays(main)
        if description.magazines:
            solder_latches(main)
        buses = [main]
        if description.shelf:
            for name, unit in world.layout.units.items():
                buses.append(Bus(world, name))
                solder_shelf(buses[-1], unit.slots, description.shelf.expanders_first_mux)
                solder_door(buses[-1], name, self._add_lock(name))
        return buses

    def _add_lock(self, door: str) -> Callable[[bool], None]:
        self._locks.append(ModuleLock(self._world, door))
        return self._locks[-1].energise

    # What can be called by name

    def find_chip(self, name: str) -> tuple[str, str]:
        """Way and kind of a chip that is called by its way or by what it is for."""
        chips: dict[str, tuple[str, str]] = {}
        for wire in self.buses.values():
            bus = wire.bus
            chips |= {way: (way, kind) for way, kind in bus.kinds.items()}
            chips |= {alias: (way, bus.kinds[way]) for alias, way in bus.aliases.items()}
        return _look_up(chips, name)

    def find_line(self, name: str) -> str:
        """A line of the board or of an expander that goes to a contact, sensor or lock."""
        lines = {name: name for name in name_lines(self._world.description)}
        layout = self._world.layout
        for bay in layout.bays:
            lines |= {f"{bay}.{what}": f"{bay}.{what}" for what in ("presence", "latch")}
        if self._world.description.shelf:
            lines |= {slot: slot for slot in layout.slots}
            for module in layout.units:
                of_door = (f"{module}.{what}" for what in ("contact", "key", "bolt", "lock"))
                lines |= {line: line for line in of_door}
        return _look_up(lines, name)

    def find_contact(self, name: str) -> str:
        """A contact on the computer's own lines."""
        lines = name_lines(self._world.description)
        ends = (".lock", ".output", ".tachometer")
        return _look_up({line: line for line in lines if not line.endswith(ends)}, name)

    def find_latch(self, name: str) -> str:
        """A bay's or a magazine's latch."""
        layout = self._world.layout
        places = [place for unit in layout.units.values() for place in unit.magazines]
        return _look_up({one: one for one in (*layout.bays, *places)}, name)


class ModuleLock:
    """The lock of a door whose coil hangs on an expander: its bolt takes its time."""

    def __init__(self, world: World, door: str) -> None:
        self._world = world
        self._door = door
        self._bolt = Bolt()
        self._energised = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def energise(self, on: bool) -> None:
        self._energised = on
        self._update()

    def _update(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        told = self._bolt.update(self._loop.time(), self._energised)
        if self._world.doors[self._door].coil_on != told.drawn:
            self._world.doors.set_coil(self._door, on=told.drawn)
        if told.wake_s < float("inf"):
            self._timer = self._loop.call_at(told.wake_s, self._update)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()


def _look_up(there: dict[str, T], name: str) -> T:
    if name not in there:
        raise KeyError(f"there is no {name!r}; there is: {_shorten(list(there))}")
    return there[name]


def _shorten(names: list[str], most: int = 40) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
