"""Stations: which drives read which media, from an appliance's newest picture of its library.

A station is a set of drives with what brings media to them: the discs of a rack, those of one node,
its tapes, its hard disks. The drives of a desk serve every module of a disc cabinet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import BayState, DriveState, MediumKind, RobotState, SlotState
from console.store import schema

DISKS_AT_ONCE = 4
"""So many hard disks of a cabinet are read at once: they start one after the other."""

_DEAF = (BayState.UNAVAILABLE, BayState.RELEASED, BayState.EMPTY)
_STUCK = (RobotState.UNAVAILABLE, RobotState.ALARM)


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a medium is in an appliance: its station, its slot or bay, whether a drive has it."""

    station: str
    slot: str = ""
    in_drive: bool = False


@dataclass(slots=True)
class Fittings:
    """What one appliance has: drives by station, stations that people serve, where each medium is.

    A station whose robot does not work is not in it.
    """

    appliance: str
    drives: dict[str, int] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)
    seats: dict[str, Seat] = field(default_factory=dict)
    station_of: dict[str, str] = field(default_factory=dict)
    """The station of each drive and bay."""


def station_name(appliance: str, unit: str, kind: MediumKind) -> str:
    """``north/pb-1 n03 disc``; without a unit ``north/rack-1 disc``."""
    return " ".join(filter(None, (appliance, unit, kind)))


def read_fittings(appliance: str, snapshot: Any) -> Fittings | None:
    """The stations of a stored picture; None when there is none."""
    if snapshot is None:
        return None
    picture = msgspec.convert(snapshot, LibraryTelemetry)
    found = Fittings(appliance)
    units = _count_drives(found, picture)
    stuck = _mark_robots(found, picture)
    for slot in picture.slots:
        if slot.medium_id is not None and slot.state is not SlotState.AWAY:
            unit = _unit(slot.slot) if (_unit(slot.slot), slot.kind) in units else ""
            name = station_name(appliance, unit, slot.kind)
            if name in found.drives:
                found.seats[slot.medium_id] = Seat(name, slot.slot)
    _seat_in_drives(found, picture)
    for name in stuck:
        found.drives.pop(name, None)
    found.seats = {m: seat for m, seat in found.seats.items() if seat.station in found.drives}
    return found


def _count_drives(found: Fittings, picture: LibraryTelemetry) -> set[tuple[str, MediumKind]]:
    """Count the drives of each station; gives the units that have drives of their own."""
    units = set()
    for drive in picture.drives:
        if not drive.prints:
            units.add((_unit(drive.drive), drive.kind))
            name = station_name(found.appliance, _unit(drive.drive), drive.kind)
            found.station_of[drive.drive] = name
            works = drive.state is not DriveState.UNAVAILABLE
            found.drives[name] = found.drives.get(name, 0) + works
    disks = [b for b in picture.bays if b.medium_id and b.state not in _DEAF and b.error is None]
    if disks:
        name = station_name(found.appliance, "", MediumKind.DISK)
        found.drives[name] = min(len(disks), DISKS_AT_ONCE)
        for bay in disks:
            found.station_of[bay.bay] = name
            found.seats[bay.medium_id or ""] = Seat(name, bay.bay, bay.state is BayState.ON)
    return units


def _mark_robots(found: Fittings, picture: LibraryTelemetry) -> list[str]:
    """Note where people carry the discs; gives the stations whose robot does not work."""
    robots = {robot.unit: robot for robot in picture.robots}
    stuck = []
    for drive in picture.drives:
        if drive.prints or drive.kind is not MediumKind.DISC:
            continue
        unit = _unit(drive.drive)
        name = station_name(found.appliance, unit, MediumKind.DISC)
        robot = robots.get(unit)
        if robot is None:
            found.by_hand.add(name)
        elif robot.state in _STUCK:
            stuck.append(name)
    return stuck


def _seat_in_drives(found: Fittings, picture: LibraryTelemetry) -> None:
    for drive in picture.drives:
        if drive.medium_id is not None and not drive.prints:
            name = station_name(found.appliance, _unit(drive.drive), drive.kind)
            readable = drive.state is not DriveState.UNAVAILABLE
            found.seats[drive.medium_id] = Seat(name, drive.home_slot or "", in_drive=readable)


def _unit(name: str) -> str:
    """The unit in the name of a slot or drive: ``n03`` of ``n03.s217``."""
    unit, dot, _ = name.partition(".")
    return unit if dot else ""


def read_fleet(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, Fittings]:
    """The appliances of these names that are there and have told of their library."""
    appliances = schema.appliances.c
    query = sa.select(appliances.appliance, appliances.library).where(
        appliances.online.is_(True), appliances.appliance.in_(set(wanted))
    )
    found = {r.appliance: read_fittings(r.appliance, r.library) for r in connection.execute(query)}
    return {name: fittings for name, fittings in found.items() if fittings is not None}
