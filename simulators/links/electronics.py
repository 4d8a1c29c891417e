"""All of a cabinet that hangs on I2C, digital lines and tag readers' ports, running."""

import asyncio
from collections.abc import Callable

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

    def refresh(self) -> None:
        """Feel the world again, after it was changed from outside."""
        self.gpio.refresh()
        for reader in self.readers.values():
            reader.refresh()

    def stop(self) -> None:
        """Cut the power of everything."""
        self.gpio.stop()
        for bus in self.buses.values():
            bus.stop()
        for reader in self.readers.values():
            reader.stop()
        for lock in self._locks:
            lock.stop()

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

    @property
    def chips(self) -> dict[str, tuple[str, str]]:
        """Way and kind of the chips, by their way and by what they are for."""
        chips: dict[str, tuple[str, str]] = {}
        for wire in self.buses.values():
            bus = wire.bus
            chips |= {way: (way, kind) for way, kind in bus.kinds.items()}
            chips |= {alias: (way, bus.kinds[way]) for alias, way in bus.aliases.items()}
        return chips

    @property
    def lines(self) -> list[str]:
        """Wires to contacts, sensors and locks, on the board and on expanders."""
        layout = self._world.layout
        lines = list(name_lines(self._world.description))
        lines += [f"{bay}.{what}" for bay in layout.bays for what in ("presence", "latch")]
        if self._world.description.shelf:
            ends = ("contact", "key", "bolt", "lock")
            lines += [f"{module}.{end}" for module in layout.units for end in ends]
            lines += layout.slots
        return lines

    @property
    def contacts(self) -> list[str]:
        """Contacts on the computer's own lines."""
        ends = (".lock", ".output", ".tachometer")
        return [line for line in name_lines(self._world.description) if not line.endswith(ends)]

    @property
    def latches(self) -> list[str]:
        """Bays and places of magazines."""
        layout = self._world.layout
        return [*layout.bays, *(one for unit in layout.units.values() for one in unit.magazines)]


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
