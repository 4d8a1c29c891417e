"""What is said on the cabinet's own socket: one JSON object a line, both ways.

A request asks for exactly one thing. Commands, replies and telemetry are those of the broker.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from appliance.contract.messages.commands import Command, Reply
from appliance.contract.messages.telemetry import (
    AccessTelemetry,
    AlarmsTelemetry,
    EnvironmentTelemetry,
    JobsTelemetry,
    LibraryTelemetry,
)
from appliance.contract.messages.values import ErrorInfo, Instant


class HistorySpan(StrEnum):
    """How far back a chart goes."""

    DAY = "day"
    """By minutes."""
    MONTH = "month"
    """By ten minutes."""
    YEAR = "year"
    """By two hours."""


class HistoryPoint(Struct, frozen=True):
    """What a quantity was in one span of time: `at` is where the span begins."""

    at: Instant
    mean: float
    low: float
    high: float


class HistoryQuery(Struct, frozen=True):
    """Ask for the chart of one quantity of one sensor."""

    sensor: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[str, Meta(min_length=1, max_length=64)]
    span: HistorySpan = HistorySpan.DAY


class HistoryAnswer(Struct, frozen=True):
    sensor: str
    quantity: str
    unit: str
    span: HistorySpan
    points: list[HistoryPoint]


class PastAlarmView(Struct, frozen=True, omit_defaults=True):
    """An alarm that stands no more."""

    alarm_id: str
    where: str
    error: ErrorInfo
    raised_at: Instant
    cleared_at: Instant
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""


class LocalRequest(Struct, frozen=True, omit_defaults=True):
    """One line to the firmware: exactly one of the fields."""

    command: Command | None = None
    watch: Annotated[list[str], Meta(max_length=16)] | None = None
    """Groups of telemetry to be sent from now on; an empty list ends it."""
    history: HistoryQuery | None = None
    past_alarms: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """How many of the alarms that ended last."""


class LocalAnswer(Struct, frozen=True, omit_defaults=True):
    """One line from the firmware: exactly one of the fields; `error` when a line was refused."""

    reply: Reply | None = None
    library: LibraryTelemetry | None = None
    jobs: JobsTelemetry | None = None
    environment: EnvironmentTelemetry | None = None
    access: AccessTelemetry | None = None
    alarms: AlarmsTelemetry | None = None
    history: HistoryAnswer | None = None
    past_alarms: list[PastAlarmView] | None = None
    error: ErrorInfo | None = None
