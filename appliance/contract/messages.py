"""Every message between an appliance and the console, as strict structs.

Reading is tolerant of fields that a later firmware adds; writing sends exactly what is declared.
Times are UTC-aware. Quantities carry their unit in the name. `None` means *unknown* (there is no
value); a state ``unavailable`` means that the thing cannot be asked.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from appliance.contract.states import (
    DriveState,
    JobStage,
    JobState,
    MediumState,
    RobotState,
    SlotState,
)

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Bytes = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[float, Meta(ge=0.0)]
Url = Annotated[str, Meta(min_length=1, max_length=2048)]
Token = Annotated[str, Meta(min_length=1, max_length=4096)]
Seq = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Instant = Annotated[datetime, Meta(tz=True)]
"""A moment with its zone: two of them can always be compared."""
Sha256Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class ErrorInfo(Struct, frozen=True, omit_defaults=True):
    """A defined failure: `code` is a row of the error table."""

    code: int
    message: str
    detail: str = ""


# --- status (retained, and the last will) -------------------------------------------------------


class Status(Struct, frozen=True):
    """Who the appliance is and whether it is there.

    `epoch` names one unbroken run of event numbers: it changes only when the outbox was lost.
    `last_seq` is the number of the newest event, so that a console that was away knows what it
    missed before the next event comes. Both are unset in a last will.
    """

    site: str
    appliance: str
    online: bool
    at: Instant
    profile: str = ""
    firmware: str = ""
    epoch: str = ""
    last_seq: int = 0


# --- telemetry (QoS 0, newest wins) -------------------------------------------------------------


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


# --- events (QoS 1, numbered, at least once) ----------------------------------------------------


class JobChanged(Struct, frozen=True, tag="job_changed", omit_defaults=True):
    """A job entered another state or stage."""

    job_id: str
    verb: str
    state: JobState
    stage: JobStage
    volume_id: str | None = None
    copy_id: str | None = None
    medium_id: str | None = None
    drive: str | None = None
    attempt: int = 1
    error: ErrorInfo | None = None


class CopyVerified(Struct, frozen=True, tag="copy_verified"):
    """A copy was read back sector by sector and agrees with its plan.

    `bytes_read` is what the block device delivered, counted, not what was asked for.
    """

    job_id: str
    copy_id: str
    volume_id: str
    plan_sha256: Sha256Hex
    medium_id: str
    slot: str
    burn_drive: str | None
    verify_drive: str
    image_size_bytes: Bytes
    bytes_read: Bytes
    burn_s: float | None
    verify_s: Seconds


class CopyLost(Struct, frozen=True, tag="copy_lost"):
    """A copy that was verified can no longer be relied on."""

    copy_id: str
    volume_id: str
    medium_id: str
    error: ErrorInfo


class MediumChanged(Struct, frozen=True, tag="medium_changed", omit_defaults=True):
    """A medium is somewhere else, or is known to be something else, than before."""

    medium_id: str
    place: str
    """``slot:<name>``, ``drive:<name>``, ``robot``, ``outside``."""
    state: MediumState
    home_slot: str | None = None
    volume_id: str | None = None
    label: str | None = None
    capacity_bytes: int | None = None
    error: ErrorInfo | None = None


class FilesDelivered(Struct, frozen=True, tag="files_delivered"):
    """A fetch has put its whole stream into the console's hands."""

    job_id: str
    fetch_id: str
    medium_id: str
    files: int
    bytes_sent: Bytes


class GrantWanted(Struct, frozen=True, tag="grant_wanted"):
    """A running job's content token has run out; the console answers with a `Grant` command."""

    job_id: str


class AlarmRaised(Struct, frozen=True, tag="alarm_raised"):
    alarm_id: str
    where: str
    error: ErrorInfo


class AlarmCleared(Struct, frozen=True, tag="alarm_cleared"):
    alarm_id: str
    where: str
    code: int


EventBody = (
    JobChanged
    | CopyVerified
    | CopyLost
    | MediumChanged
    | FilesDelivered
    | GrantWanted
    | AlarmRaised
    | AlarmCleared
)


class Event(Struct, frozen=True):
    """`seq` counts from 1 without gaps within `epoch`; a replayed event is byte-equal."""

    epoch: Id
    seq: Seq
    at: Instant
    body: EventBody


# --- commands and replies (QoS 1, idempotent by id) ---------------------------------------------


class ContentRef(Struct, frozen=True):
    """Where a job finds its bytes over HTTP, and the short-lived right to them.

    `url` is the resource's base; the paths below it are in `docs/contract.md`.
    """

    url: Url
    token: Token


class Burn(Struct, frozen=True, tag="burn", omit_defaults=True):
    """Burn one volume to a blank medium, verify every sector, return it to its slot.

    `content.url` offers ``/plan`` (the encoded plan, whose SHA-256 is `plan_sha256`) and
    ``/stream`` (all payload bytes in plan order, with ranges).
    """

    volume_id: Id
    copy_id: Id
    role: str
    label: Annotated[str, Meta(min_length=1, max_length=256)]
    plan_sha256: Sha256Hex
    image_size_bytes: Bytes
    content: ContentRef
    max_media: Annotated[int, Meta(ge=1, le=20)] = 3
    """How many blanks may be spent before the job gives up."""


class Verify(Struct, frozen=True, tag="verify"):
    """Read every sector of a copy and compare it with its plan."""

    copy_id: Id
    volume_id: Id
    medium_id: Id


class Fetch(Struct, frozen=True, tag="fetch"):
    """Read files from a copy and deliver them, verified, as one resumable stream.

    `content.url` offers ``/items`` (what to read, in order) and takes ``/stream``.
    """

    fetch_id: Id
    volume_id: Id
    copy_id: Id
    medium_id: Id
    content: ContentRef


class Cancel(Struct, frozen=True, tag="cancel"):
    """Bring a job to a safe end. A disc whose burn has begun is condemned, not reused."""

    job_id: Id


class Grant(Struct, frozen=True, tag="grant"):
    """A fresh content token for a running job."""

    job_id: Id
    token: Token


class Replay(Struct, frozen=True, tag="replay"):
    """Send again every event of `epoch` from `from_seq` on."""

    epoch: Id
    from_seq: Seq


class TakeInventory(Struct, frozen=True, tag="take_inventory", omit_defaults=True):
    """Look into the named slots, or all of them, with the robot's probe."""

    slots: Annotated[list[str], Meta(max_length=100_000)] = []


CommandBody = Burn | Verify | Fetch | Cancel | Grant | Replay | TakeInventory


class Command(Struct, frozen=True, omit_defaults=True):
    """The job that a command starts carries the command's id."""

    id: Id
    issued_at: Instant
    body: CommandBody
    expires_at: Instant | None = None


class Reply(Struct, frozen=True, omit_defaults=True):
    """`accepted` is the appliance's promise, kept on its disk before the reply is sent.

    `duplicate` says that this id was known already: nothing was started a second time, and
    `accepted`, `job_id` and `error` repeat the first answer.
    """

    command_id: Id
    at: Instant
    accepted: bool
    job_id: str | None = None
    duplicate: bool = False
    error: ErrorInfo | None = None


# --- what both sides ask of the HTTP content resource ------------------------------------------


class FetchItem(Struct, frozen=True):
    """One line of ``/items``: a file to read, by its path in the plan's payload."""

    path: str
    size_bytes: Bytes
    sha256: Sha256Hex


def encode(message: Struct) -> bytes:
    """One message as JSON, UTF-8."""
    return msgspec.json.encode(message)
