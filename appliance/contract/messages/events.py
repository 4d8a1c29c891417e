"""What happened: QoS 1, numbered, at least once."""

from msgspec import Struct

from appliance.contract.messages.values import (
    Bytes,
    ErrorInfo,
    Id,
    Instant,
    Seconds,
    Seq,
    Sha256Hex,
)
from appliance.contract.states import JobStage, JobState, MediumState


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
