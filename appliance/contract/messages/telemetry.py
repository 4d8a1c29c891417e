"""How the appliance looks now: pictures of the whole, QoS 0, the newest wins."""

from msgspec import Struct

from appliance.contract.messages.values import ErrorInfo, Instant
from appliance.contract.states import (
    BayState,
    DoorState,
    DriveState,
    JobStage,
    JobState,
    MediumKind,
    MediumState,
    ReadingState,
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
    kind: MediumKind = MediumKind.DISC
    """What kind of medium the slot takes."""
    free_bytes: int | None = None
    """Of a tape, which takes several volumes."""
    magazine_id: str | None = None
    lit: bool = False


class DriveView(Struct, frozen=True, omit_defaults=True):
    drive: str
    state: DriveState
    medium_id: str | None = None
    home_slot: str | None = None
    job_id: str | None = None
    fraction: float | None = None
    speed_bytes_per_s: float | None = None
    error: ErrorInfo | None = None
    kind: MediumKind = MediumKind.DISC
    prints: bool = False
    """It is a printer, which takes discs as a drive does."""


class RobotView(Struct, frozen=True, omit_defaults=True):
    state: RobotState
    holding_medium_id: str | None = None
    doing: str = ""
    error: ErrorInfo | None = None
    unit: str = ""
    """The node or module whose robot it is; empty where there is one only."""


class BayView(Struct, frozen=True, omit_defaults=True):
    """One hard disk bay."""

    bay: str
    state: BayState
    medium_id: str | None = None
    capacity_bytes: int | None = None
    free_bytes: int | None = None
    volumes: int = 0
    temperature_c: float | None = None
    power_on_hours: int | None = None
    job_id: str | None = None
    error: ErrorInfo | None = None


class MagazineView(Struct, frozen=True, omit_defaults=True):
    """One place of a magazine, and the magazine in it."""

    place: str
    magazine_id: str | None = None
    discs: int = 0
    released: bool = False
    error: ErrorInfo | None = None


class LibraryTelemetry(Struct, frozen=True, omit_defaults=True):
    """The whole library as it stands: slots, drives, robots, bays and magazines."""

    at: Instant
    slots: list[SlotView]
    drives: list[DriveView]
    robots: list[RobotView]
    """One a unit; none where no robot is."""
    bays: list[BayView] = []
    magazines: list[MagazineView] = []


class ReadingView(Struct, frozen=True, omit_defaults=True):
    """One quantity of one sensor. Without a value there is none now: see `state`."""

    sensor: str
    quantity: str
    """``temperature``, ``humidity``, ``dust_pm2_5``, ``power``, ``smoke``, ``water`` …"""
    unit: str
    state: ReadingState
    value: float | None = None
    low: float | None = None
    high: float | None = None
    error: ErrorInfo | None = None


class EnvironmentTelemetry(Struct, frozen=True, omit_defaults=True):
    """Air, water, smoke, power and fans as they are now."""

    at: Instant
    readings: list[ReadingView]
    burning_paused_by: list[str] = []
    """What keeps new burns from beginning."""
    work_paused_by: list[str] = []
    """What keeps all work from beginning: an open door, smoke, water, no mains."""


class DoorView(Struct, frozen=True, omit_defaults=True):
    door: str
    state: DoorState
    key_turned: bool = False
    open_since: Instant | None = None
    unlocked_by: str = ""
    locks_in_s: float | None = None
    """Until the lock closes again by itself."""
    why_not: ErrorInfo | None = None
    """Why it may not be opened now."""


class AccessTelemetry(Struct, frozen=True):
    at: Instant
    doors: list[DoorView]


class AlarmView(Struct, frozen=True, omit_defaults=True):
    """One standing alarm."""

    alarm_id: str
    where: str
    error: ErrorInfo
    raised_at: Instant
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""


class AlarmsTelemetry(Struct, frozen=True):
    at: Instant
    alarms: list[AlarmView]


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
    medium_kind: MediumKind = MediumKind.DISC
    batch_id: str | None = None
    error: ErrorInfo | None = None
    """Why it failed, or was cancelled."""


class BatchView(Struct, frozen=True, omit_defaults=True):
    """How far jobs that belong together have come."""

    batch_id: str
    size: int
    done: int = 0
    failed: int = 0
    fraction: float | None = None
    seconds_left: float | None = None


class JobsTelemetry(Struct, frozen=True, omit_defaults=True):
    at: Instant
    jobs: list[JobView]
    batches: list[BatchView] = []
