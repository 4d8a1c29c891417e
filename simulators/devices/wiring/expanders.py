"""Expanders behind multiplexers: bays, latches of magazines, shelves with lights, doors.

Not modelled: the time that a drawer's or a magazine's latch takes.
"""

from collections.abc import Callable, Sequence

from simulators.devices.board.board import door_contacts
from simulators.devices.board.contact import WIRE_CUT
from simulators.devices.wiring.places import Bus
from simulators.world.places import fault_name
from simulators.world.world import World

PORT = 8
BAY_MUX, LATCH_MUX, DOOR_MUX = 0x70, 0x71, 0x72
FIRST = 0x20
LATCH_EXPANDERS = 2
STUCK_LATCH = "stuck-latch"
"""Fault, with the name of a bay or of a magazine's place: the latch stays where it is."""


def solder_bays(bus: Bus) -> None:
    """Two expanders for each eight bays, behind the first multiplexer's first channel."""
    names = bus.world.layout.bays
    for group in range(len(names) // PORT):
        bays = names[PORT * group : PORT * (group + 1)]
        feedback, switches = _wire_bays(bus.world, bays)
        bus.expand(BAY_MUX, 0, FIRST + 2 * group, feedback)
        bus.expand(BAY_MUX, 0, FIRST + 1 + 2 * group, lambda: 0, switches)


def _wire_bays(
    world: World, names: Sequence[str]
) -> tuple[Callable[[], int], Callable[[int], None]]:
    def feedback() -> int:
        present = [
            world.bays.disk_in(name) is not None and not is_cut(world, f"{name}.presence")
            for name in names
        ]
        latched = [
            not world.bays[name].released and not is_cut(world, f"{name}.latch") for name in names
        ]
        return mask(present) | mask(latched) << PORT

    def switch(high: int) -> None:
        for bit, name in enumerate(names):
            world.bays.set_power(name, on=bool(high >> bit & 1))
            if not has(world, STUCK_LATCH, name):
                world.bays.set_released(name, released=bool(high >> (PORT + bit) & 1))

    return feedback, switch


def solder_latches(bus: Bus) -> None:
    """The latches of magazines: node k at bits 2k and 2k+1 of two expanders for eight nodes."""
    world = bus.world
    for expander in range(LATCH_EXPANDERS):
        places: dict[int, str] = {}
        for name, unit in world.layout.units.items():
            number = int(name[1:]) - PORT * expander
            if 0 <= number < PORT:
                places |= {2 * number + at: place for at, place in enumerate(unit.magazines)}
        bus.expand(LATCH_MUX, 0, FIRST + expander, lambda: 0, _wire_latches(world, places))


def _wire_latches(world: World, places: dict[int, str]) -> Callable[[int], None]:
    def switch(high: int) -> None:
        for bit, place in places.items():
            if not has(world, STUCK_LATCH, place):
                world.magazines.set_released(place, released=bool(high >> bit & 1))

    return switch


def solder_shelf(bus: Bus, slots: Sequence[str], first_mux: int) -> None:
    """One expander for each eight slots: port A their sensors, port B their lights."""
    for number in range(len(slots) // PORT):
        sense, light = _wire_slots(bus.world, slots[PORT * number : PORT * (number + 1)])
        mux, channel = first_mux + number // 64, number // PORT % 8
        bus.expand(mux, channel, FIRST + number % PORT, sense, light)


def _wire_slots(
    world: World, slots: Sequence[str]
) -> tuple[Callable[[], int], Callable[[int], None]]:
    def sense() -> int:
        return mask([world.disc_at(slot) is not None and not is_cut(world, slot) for slot in slots])

    def light(high: int) -> None:
        lit = {slot for bit, slot in enumerate(slots) if high >> (PORT + bit) & 1}
        lights = world.state.lights
        if lights.intersection(slots) != lit:
            lights.difference_update(slots)
            lights.update(lit)
            world.save("lights")

    return sense, light


def solder_door(bus: Bus, door: str, energise: Callable[[bool], None]) -> None:
    """A module's own door: A0 contact, A1 key, A2 bolt; B0 draws the bolt."""
    world = bus.world
    contacts = door_contacts(world, door)

    def sense() -> int:
        return mask([closed() and not is_cut(world, line) for line, closed in contacts.items()])

    def act(high: int) -> None:
        energise(bool(high >> PORT & 1) and not is_cut(world, f"{door}.lock"))

    bus.expand(DOOR_MUX, 0, FIRST, sense, act)


def mask(bits: Sequence[bool]) -> int:
    """Bits, the first one lowest."""
    return sum(1 << at for at, bit in enumerate(bits) if bit)


def has(world: World, fault: str, where: str) -> bool:
    faults = world.state.faults
    return bool(faults) and fault_name(fault, where) in faults


def is_cut(world: World, line: str) -> bool:
    return has(world, WIRE_CUT, line)
