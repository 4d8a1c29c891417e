"""What stands in a new world, and what an older world lacks."""

from simulators.world.description import Description
from simulators.world.disc import Disc
from simulators.world.disks import Bay, Disk
from simulators.world.doors import Door
from simulators.world.fans import Fan
from simulators.world.layout import Layout
from simulators.world.magazines import Magazine
from simulators.world.printer import PrinterState
from simulators.world.state import Arm, State
from simulators.world.tapes import Tape, TapeDriveState


def furnish(
    state: State,
    description: Description,
    layout: Layout,
    discs: int | None,
    capacity_sectors: int | None,
) -> None:
    """Put discs, magazines, disks and cartridges into an empty cabinet.

    Raises:
        ValueError: more than there is room for.
    """
    _add_discs(state, description, layout, discs, capacity_sectors)
    if description.magazines:
        first = int(description.magazines.first_tag, 16)
        places = [place for unit in layout.units.values() for place in unit.magazines]
        for number, place in enumerate(places):
            tag = f"{first + number * 0x11:010X}"
            state.magazines[tag] = Magazine(tag, place)
    if description.bays:
        kind = description.bays
        for bay in layout.bays[: _count("disks", state.extent.disks, kind.disks, kind.count)]:
            serial = f"HD{bay[1:]:>06}"
            state.disks[serial] = Disk(serial, bay, kind.model, kind.capacity_bytes)
    if description.tape:
        unit = description.tape
        for slot in layout.tape_slots[
            : _count("tapes", state.extent.tapes, unit.tapes, unit.slots)
        ]:
            barcode = f"STL{slot[1:]:>03}L7"
            state.tapes[barcode] = Tape(
                barcode, slot, kind=unit.kind, capacity_bytes=unit.capacity_bytes
            )


def _add_discs(
    state: State,
    description: Description,
    layout: Layout,
    discs: int | None,
    capacity_sectors: int | None,
) -> None:
    slots = layout.slots
    count = description.discs.count if discs is None else discs
    count = len(slots) if count is None else count
    if not 0 <= count <= len(slots):
        raise ValueError(f"the cabinet has {len(slots)} slots, not room for {count} discs")
    chosen = _spread(layout, count) if state.extent.spread else slots[:count]
    for number, slot in enumerate(chosen, start=1):
        serial = f"BD{number:06d}"
        sectors = capacity_sectors or description.discs.capacity_sectors
        state.discs[serial] = Disc(serial, slot, description.discs.kind, sectors)


def _spread(layout: Layout, count: int) -> list[str]:
    """The first slots of every unit, as even as can be."""
    units = [unit.slots for unit in layout.units.values() if unit.slots]
    chosen: list[str] = []
    for number, slots in enumerate(units):
        left = len(units) - number
        share = -(-(count - len(chosen)) // left)
        chosen += slots[:share]
    return chosen


def _count(what: str, wanted: int | None, usual: int, most: int) -> int:
    count = usual if wanted is None else wanted
    if not 0 <= count <= most:
        raise ValueError(f"the cabinet has room for {most} {what}, not for {count}")
    return count


def complete(state: State, description: Description, layout: Layout) -> None:
    """Give every part of the cabinet its state, where the world has none yet."""
    for unit in layout.robots:
        state.arms.setdefault(unit, Arm())
    for door in layout.doors:
        state.doors.setdefault(door, Door())
    for fan in description.fans:
        state.fans.setdefault(fan.name, Fan())
    for bay in layout.bays:
        state.bays.setdefault(bay, Bay())
    for drive in layout.tape_drives:
        state.tape_drives.setdefault(drive, TapeDriveState())
    for printer in layout.printers:
        state.printers.setdefault(printer, PrinterState())
