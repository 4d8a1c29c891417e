"""What an appliance's newest library snapshot says about its drives and discs."""

from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import DriveState, MediumState

ASSUMED_CAPACITY_BYTES = 25_025_314_816
"""Of a blank disc that no drive has looked at: single-layer BD-R, 12,219,392 sectors."""


@dataclass(frozen=True, slots=True)
class Library:
    """Drives that answer, blank discs by capacity, and the discs that a drive can be given."""

    drives: int
    blanks_bytes: tuple[int, ...]
    media: frozenset[str]


def read_library(snapshot: Any) -> Library | None:
    """The library of a stored snapshot; None when there is none."""
    if snapshot is None:
        return None
    telemetry = msgspec.convert(snapshot, LibraryTelemetry)
    in_drives = {drive.medium_id for drive in telemetry.drives if drive.medium_id}
    return Library(
        drives=sum(drive.state != DriveState.UNAVAILABLE for drive in telemetry.drives),
        blanks_bytes=tuple(
            slot.capacity_bytes or ASSUMED_CAPACITY_BYTES
            for slot in telemetry.slots
            if _is_blank(slot.medium_state) and slot.medium_id not in in_drives
        ),
        media=frozenset(slot.medium_id for slot in telemetry.slots if slot.medium_id) | in_drives,
    )


def _is_blank(state: MediumState | None) -> bool:
    return state is not None and state.may_be_burned
