"""Telemetry of an appliance: made once, with a hole for the time and the appliance's name."""

from datetime import UTC, datetime
from functools import cache

from appliance.contract.messages import (
    AccessTelemetry,
    DoorView,
    DriveView,
    EnvironmentTelemetry,
    JobsTelemetry,
    LibraryTelemetry,
    ReadingView,
    RobotView,
    SlotView,
    encode,
)
from appliance.contract.states import (
    DoorState,
    DriveState,
    MediumState,
    ReadingState,
    RobotState,
    SlotState,
)
from simulators.fleet.story import medium

GROUPS = ("library", "jobs", "environment", "access")
_AT = datetime(2000, 1, 1, tzinfo=UTC)
_HOLE = b'"2000-01-01T00:00:00Z"'
_NAME = "0appliance0"


def picture(group: str, appliance: str, slots: int, stated: bytes) -> bytes:
    """The group's newest picture; `stated` is the time in JSON, quotes and all."""
    before, after = _template(group, slots)
    name = appliance.encode()
    return before.replace(_NAME.encode(), name) + stated + after.replace(_NAME.encode(), name)


@cache
def _template(group: str, slots: int) -> tuple[bytes, bytes]:
    before, _, after = encode(_sample(group, slots)).partition(_HOLE)
    return before, after


def _sample(
    group: str, slots: int
) -> LibraryTelemetry | JobsTelemetry | EnvironmentTelemetry | AccessTelemetry:
    match group:
        case "library":
            views = [
                SlotView(f"s{n:03}", SlotState.FULL, medium(_NAME, n), MediumState.BLANK)
                for n in range(1, slots + 1)
            ]
            drives = [DriveView(f"d{n}", DriveState.EMPTY) for n in range(1, 5)]
            return LibraryTelemetry(_AT, views, drives, [RobotView(RobotState.IDLE)])
        case "jobs":
            return JobsTelemetry(_AT, [])
        case "environment":
            readings = [
                ReadingView("climate", quantity, unit, ReadingState.GOOD, value, low, high)
                for quantity, unit, value, low, high in (
                    ("temperature", "°C", 19.2, 14.0, 24.0),
                    ("humidity", "%", 48.1, 45.0, 60.0),
                )
            ]
            return EnvironmentTelemetry(_AT, readings)
        case _:
            return AccessTelemetry(_AT, [DoorView("front", DoorState.LOCKED)])
