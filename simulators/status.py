"""A world told in lines that a person reads: what is not as it usually is, part by part."""

from collections import Counter
from collections.abc import Iterator

from simulators.world.description import load_description
from simulators.world.disc import SECTOR_BYTES, Disc
from simulators.world.layout import Layout, lay_out
from simulators.world.places import CROWDED
from simulators.world.state import State


def describe(state: State) -> list[str]:
    """The world in lines. Blank discs in their slots are counted, others named."""
    layout = lay_out(load_description(state.profile), state.extent)
    parts = (_discs, _magazines, _robots, _doors, _room, _disks, _tapes, _lights)
    return [line for part in parts for line in part(state, layout)]


def _discs(state: State, layout: Layout) -> Iterator[str]:
    states = Counter(str(disc.state) for disc in state.discs.values())
    if layout.slots:
        counts = ", ".join(f"{count} {name}" for name, count in states.items())
        yield f"{len(state.discs)} discs in {len(layout.slots)} slots: {counts or 'none'}"
    outside = {
        magazine.tag for magazine in state.magazines.values() if magazine.place not in layout.slots
    }
    for disc in state.discs.values():
        rests = layout.is_slot(disc.place) or disc.place.partition(".")[0] in outside
        if rests and disc.state == "blank" and disc.place not in CROWDED:
            continue
        yield _disc(state, disc)
    yield from (f"tray of {drive} is open" for drive in sorted(state.open_trays))


def _disc(state: State, disc: Disc) -> str:
    damage = ", damaged" if disc.damaged else ""
    printed = state.prints.get(disc.serial)
    label = f", label {printed.title!r}" if printed else ""
    size_mb = disc.written_sectors * SECTOR_BYTES / 1e6
    return f"{disc.serial} in {disc.place}: {disc.state}{damage}, {size_mb:.1f} MB{label}"


def _magazines(state: State, layout: Layout) -> Iterator[str]:
    del layout
    for magazine in state.magazines.values():
        released = ", latch drawn" if magazine.place in state.released else ""
        yield f"magazine {magazine.tag} at {magazine.place}{released}"
    places = {magazine.place for magazine in state.magazines.values()}
    for place in sorted(state.released - places):
        yield f"no magazine at {place}, latch drawn"


def _robots(state: State, layout: Layout) -> Iterator[str]:
    del layout
    for unit, arm in state.arms.items():
        x, y, z = arm.position_mm
        jaws = "open" if arm.jaws_open else "closed"
        name = f"arm of {unit}" if unit else "arm"
        yield f"{name} at {x:.1f}°, height {y:.1f} mm, reach {z:.1f} mm, jaws {jaws}"


def _doors(state: State, layout: Layout) -> Iterator[str]:
    del layout
    for name, door in state.doors.items():
        wing = "forced open" if door.forced else "open" if door.is_open else "closed"
        bolt = "bolt out" if door.bolt_out else "bolt drawn"
        key = ", key turned" if door.key_turned else ""
        yield f"door {name}: {wing}, {bolt}{key}"


def _room(state: State, layout: Layout) -> Iterator[str]:
    del layout
    air = state.air
    yield (
        f"room: {air.room_temperature_c:.1f} °C, {air.room_humidity_pct:.0f} %,"
        f" {air.room_dust_ug_m3:.0f} µg/m³ of dust; the cabinet: {air.temperature_c:.1f} °C,"
        f" {air.humidity_pct:.0f} %, {air.dust_ug_m3:.1f} µg/m³"
    )
    hazards = state.hazards
    if hazards.smoke:
        yield "smoke in the cabinet"
    if hazards.water:
        yield "water on the floor"
    if hazards.mains_lost:
        yield "the mains are lost"
    yield from (f"{name} is {'on' if fan.on else 'off'}" for name, fan in state.fans.items())


def _disks(state: State, layout: Layout) -> Iterator[str]:
    by_bay = {disk.place: disk for disk in state.disks.values()}
    for bay in layout.bays:
        box, disk = state.bays[bay], by_bay.get(bay)
        if disk is None and not (box.power_on or box.released):
            continue
        what = f"disk {disk.serial}, {disk.capacity_bytes / 1e9:,.0f} GB" if disk else "empty"
        kind = f", {disk.filesystem}" if disk and disk.filesystem else ""
        power = ", power on" if box.power_on else ", power off"
        latch = ", drawer released" if box.released else ""
        mount = f", mounted at {box.mounted_at}" if box.mounted_at else ""
        yield f"{bay}: {what}{kind}{power}{latch}{mount}"
    for disk in state.disks.values():
        if disk.place not in state.bays:
            yield f"disk {disk.serial} is {disk.place}"


def _tapes(state: State, layout: Layout) -> Iterator[str]:
    del layout
    for tape in state.tapes.values():
        home = f" (from {tape.home})" if tape.home else ""
        size_gb = sum(tape.files) / 1e9
        content = f"{len(tape.files)} files, {size_gb:.3f} GB"
        yield f"cartridge {tape.barcode} in {tape.place}{home}: {content}"


def _lights(state: State, layout: Layout) -> Iterator[str]:
    del layout
    if state.lights:
        yield f"lit: {', '.join(sorted(state.lights))}"
    yield from (f"fault: {name}" for name in sorted(state.faults))
