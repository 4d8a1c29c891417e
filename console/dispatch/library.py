"""What an appliance's newest library snapshot says about its drives and its media of each kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.contract.messages import LibraryTelemetry, SlotView
from appliance.contract.states import (
    BayState,
    DriveState,
    MediumKind,
    MediumState,
    RobotState,
    SlotState,
)

ASSUMED_CAPACITY_BYTES = 25_025_314_816
"""Of a blank disc that no drive has looked at: single-layer BD-R, 12,219,392 sectors."""
_DEAF = (BayState.UNAVAILABLE, BayState.RELEASED, BayState.EMPTY)
_STUCK = (RobotState.ALARM, RobotState.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Means:
    """What an appliance has for one kind of medium.

    `drives` is how many copies it can write at once; `room_bytes` the free bytes of each medium
    that can take a copy: a blank disc is one, a disk or a tape takes several. `capacity_bytes`
    has the capacity of each of these, 0 where nobody has reported it.
    """

    drives: int
    room_bytes: tuple[int, ...]
    capacity_bytes: tuple[int, ...] = ()
    drives_out: int = 0
    """Drives that are out of service."""


@dataclass(frozen=True, slots=True)
class Library:
    """What an appliance can write on, and the media that it can be asked to read."""

    means: dict[MediumKind, Means]
    media: frozenset[str]
    prints: bool = False
    robots: int = 0
    robots_stuck: int = 0
    """Robots that cannot move until somebody has seen to them."""


def read_library(snapshot: Any) -> Library | None:
    """The library of a stored snapshot; None when there is none."""
    if snapshot is None:
        return None
    telemetry = msgspec.convert(snapshot, LibraryTelemetry)
    in_drives = {drive.medium_id for drive in telemetry.drives if drive.medium_id}
    in_bays = {bay.medium_id for bay in telemetry.bays if bay.medium_id and bay.state not in _DEAF}
    return Library(
        means={
            MediumKind.DISC: _discs(telemetry, in_drives),
            MediumKind.DISK: _disks(telemetry),
            MediumKind.TAPE: _tapes(telemetry),
        },
        media=frozenset(slot.medium_id for slot in telemetry.slots if slot.medium_id)
        | in_drives
        | in_bays,
        prints=any(drive.prints for drive in telemetry.drives),
        robots=len(telemetry.robots),
        robots_stuck=sum(robot.state in _STUCK for robot in telemetry.robots),
    )


def _discs(telemetry: LibraryTelemetry, in_drives: set[str]) -> Means:
    blanks = [
        slot
        for slot in _slots(telemetry, MediumKind.DISC)
        if _is_blank(slot.medium_state) and slot.medium_id not in in_drives
    ]
    return Means(
        _working_drives(telemetry, MediumKind.DISC),
        tuple(slot.capacity_bytes or ASSUMED_CAPACITY_BYTES for slot in blanks),
        tuple(slot.capacity_bytes or 0 for slot in blanks),
        _drives(telemetry, MediumKind.DISC) - _working_drives(telemetry, MediumKind.DISC),
    )


def _disks(telemetry: LibraryTelemetry) -> Means:
    usable = [
        bay
        for bay in telemetry.bays
        if bay.free_bytes is not None and bay.state not in _DEAF and bay.error is None
    ]
    return Means(
        len(usable),
        tuple(bay.free_bytes or 0 for bay in usable),
        tuple(bay.capacity_bytes or 0 for bay in usable),
        sum(bay.error is not None or bay.state is BayState.UNAVAILABLE for bay in telemetry.bays),
    )


def _tapes(telemetry: LibraryTelemetry) -> Means:
    usable = [slot for slot in _slots(telemetry, MediumKind.TAPE) if slot.free_bytes]
    return Means(
        _working_drives(telemetry, MediumKind.TAPE),
        tuple(slot.free_bytes or 0 for slot in usable),
        tuple(slot.capacity_bytes or 0 for slot in usable),
        _drives(telemetry, MediumKind.TAPE) - _working_drives(telemetry, MediumKind.TAPE),
    )


def _drives(telemetry: LibraryTelemetry, kind: MediumKind) -> int:
    return sum(drive.kind is kind and not drive.prints for drive in telemetry.drives)


def _working_drives(telemetry: LibraryTelemetry, kind: MediumKind) -> int:
    return sum(
        drive.kind is kind and not drive.prints and drive.state != DriveState.UNAVAILABLE
        for drive in telemetry.drives
    )


def _slots(telemetry: LibraryTelemetry, kind: MediumKind) -> Iterator[SlotView]:
    """The slots of a kind whose media are there: those of a magazine that is out are not."""
    return (
        slot for slot in telemetry.slots if slot.kind is kind and slot.state is not SlotState.AWAY
    )


def _is_blank(state: MediumState | None) -> bool:
    return state is not None and state.may_be_burned
