"""How the appliance looks now: pictures of the whole, QoS 0, the newest wins."""

from msgspec import Struct

from appliance.contract.messages.values import ErrorInfo, Instant
from appliance.contract.states import (
    DriveState,
    JobStage,
    JobState,
    MediumState,
    RobotState,
    SlotState,
)


class SlotView(Struct, frozen=True, omit_defaults=True):
    """One slot and the medium whose home it is. `medium_*` stay set while the disc is away."""

    slot: str
    state: SlotState
    medium_id: str | None = None
    medium_state: MediumState | None = None
    volume_id: str | None = None
    label: str | None = None
    capacity_bytes: int | None = None


class DriveView(Struct, frozen=True, omit_defaults=True):
    drive: str
    state: DriveState
    medium_id: str | None = None
    home_slot: str | None = None
    job_id: str | None = None
    fraction: float | None = None
    speed_bytes_per_s: float | None = None
    error: ErrorInfo | None = None


class RobotView(Struct, frozen=True, omit_defaults=True):
    state: RobotState
    holding_medium_id: str | None = None
    doing: str = ""
    error: ErrorInfo | None = None


class LibraryTelemetry(Struct, frozen=True):
    """The whole library as it stands: every slot, every drive, the robot."""

    at: Instant
    slots: list[SlotView]
    drives: list[DriveView]
    robot: RobotView


class JobView(Struct, frozen=True, omit_defaults=True):
    """One job that is not final, or became so a moment ago."""

    job_id: str
    verb: str
    state: JobState
    stage: JobStage
    fraction: float | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    speed_bytes_per_s: float | None = None
    seconds_left: float | None = None
    volume_id: str | None = None
    copy_id: str | None = None
    medium_id: str | None = None
    drive: str | None = None
    attempt: int = 1
    waiting_for: str = ""


class JobsTelemetry(Struct, frozen=True):
    at: Instant
    jobs: list[JobView]
