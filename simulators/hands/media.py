"""Disks and cartridges in a person's hand."""

from simulators.cabinet import Cabinet
from simulators.faults.registry import nearest
from simulators.hands.reach import NEW, HandError, require_reach
from simulators.world.disks import Disk
from simulators.world.places import OUTSIDE
from simulators.world.tapes import Tape, TapeDriveState
from simulators.world.world import World


def pull_disk(cabinet: Cabinet, words: list[str]) -> str:
    require_reach(cabinet.world, words[0])
    return f"disk {cabinet.world.bays.pull(words[0]).serial} is pulled out of {words[0]}"


def insert_disk(cabinet: Cabinet, words: list[str]) -> str:
    world, bay = cabinet.world, words[0]
    require_reach(world, bay)
    disks = world.state.disks
    outside = [disk.serial for disk in disks.values() if disk.place == OUTSIDE]
    if words[1:] == [NEW]:
        serial, kind = f"HD{len(disks) + 101:06d}", world.description.bays
        assert kind  # noqa: S101  # it has bays, or the reach would have failed
        world.bays.require_room(bay)
        disks[serial] = Disk(serial, OUTSIDE, kind.model, kind.capacity_bytes)
    else:
        serial = words[1] if words[1:] else (outside or [""])[-1]
    return f"disk {world.bays.insert(bay, serial).serial} is put into {bay}"


def _require_tape_slot(world: World, place: str) -> Tape | None:
    slots = (*world.layout.tape_slots, *world.layout.tape_drives)
    if place not in slots:
        raise HandError(f"there is no place {place!r} for a cartridge; {nearest(place, slots)}")
    require_reach(world, place)
    return next((tape for tape in world.state.tapes.values() if tape.place == place), None)


def take_tape(cabinet: Cabinet, words: list[str]) -> str:
    world, place = cabinet.world, words[0]
    tape = _require_tape_slot(world, place)
    if tape is None:
        raise HandError(f"there is no cartridge in {place}")
    drive = world.state.tape_drives.get(place)
    if drive is not None:
        if not drive.ejected:
            raise HandError(f"drive {place} holds its cartridge: it was not ejected")
        world.state.tape_drives[place] = TapeDriveState()
    tape.place, tape.home = OUTSIDE, ""
    return f"cartridge {tape.barcode} is taken out of {place}"


def insert_tape(cabinet: Cabinet, words: list[str]) -> str:
    world, place = cabinet.world, words[0]
    here = _require_tape_slot(world, place)
    if place in world.layout.tape_drives:
        raise HandError("a hand puts cartridges into slots; the picker loads the drives")
    if here is not None:
        raise HandError(f"{place} is taken: {here.barcode} is there")
    tapes, unit = world.state.tapes, world.description.tape
    outside = [tape.barcode for tape in tapes.values() if tape.place == OUTSIDE]
    if words[1:] == [NEW]:
        assert unit  # noqa: S101  # it has slots for cartridges
        barcode = f"STL{len(tapes) + 101:03d}L7"
        tapes[barcode] = Tape(barcode, OUTSIDE, "", unit.kind, unit.capacity_bytes)
    else:
        barcode = words[1] if words[1:] else (outside or [""])[-1]
    if barcode not in tapes or tapes[barcode].place != OUTSIDE:
        raise HandError(f"there is no cartridge {barcode!r} outside: {', '.join(outside) or NEW}")
    tapes[barcode].place = place
    return f"cartridge {barcode} is put into {place}"
