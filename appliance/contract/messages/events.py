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
from appliance.contract.states import DoorState, JobStage, JobState, MediumKind, MediumState


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
    """``slot:<name>``, ``drive:<name>``, ``robot``, ``outside``; ``magazine:<id>`` when it is
    offline in a magazine that was taken out; ``bay:<name>`` for a hard disk."""
    state: MediumState
    home_slot: str | None = None
    volume_id: str | None = None
    label: str | None = None
    capacity_bytes: int | None = None
    error: ErrorInfo | None = None
    kind: MediumKind = MediumKind.DISC
    magazine_id: str | None = None


class LabelPrinted(Struct, frozen=True, tag="label_printed", omit_defaults=True):
    """A label was printed, and the camera saw that it is there, readable and the right one."""

    job_id: str
    medium_id: str
    qr: str = ""


class LabelsCompared(Struct, frozen=True, tag="labels_compared", omit_defaults=True):
    """An inventory by camera is over: how many discs there were, and of which kind.

    A disc that is not where it was, or not what it was, has an event or an alarm of its own.
    """

    job_id: str
    discs: int = 0
    right: int = 0
    """Their labels are theirs."""
    moved: int = 0
    """Found in another slot than their own, which is theirs now."""
    other: int = 0
    """Another disc than expected."""
    without_label: int = 0
    """Bare, and no good label was ever printed on them."""
    unreadable: int = 0
    unknown: int = 0
    """Their labels name nothing that is known here."""


class MagazineMoved(Struct, frozen=True, tag="magazine_moved", omit_defaults=True):
    """A magazine was put in (`place`) or taken out (no place)."""

    magazine_id: str
    place: str | None = None
    discs: int = 0


class DoorChanged(Struct, frozen=True, tag="door_changed", omit_defaults=True):
    """A door was unlocked, opened, forced, closed or locked."""

    door: str
    state: DoorState
    person: str = ""


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


class AlarmAcknowledged(Struct, frozen=True, tag="alarm_acknowledged"):
    alarm_id: str
    where: str
    code: int
    person: str


class AlarmCleared(Struct, frozen=True, tag="alarm_cleared", omit_defaults=True):
    alarm_id: str
    where: str
    code: int
    person: str = ""
    """Who cleared it; empty when its cause went away by itself."""


EventBody = (
    JobChanged
    | CopyVerified
    | CopyLost
    | MediumChanged
    | FilesDelivered
    | GrantWanted
    | LabelPrinted
    | LabelsCompared
    | MagazineMoved
    | DoorChanged
    | AlarmRaised
    | AlarmAcknowledged
    | AlarmCleared
)


class Event(Struct, frozen=True):
    """`seq` counts from 1 without gaps within `epoch`; a replayed event is byte-equal."""

    epoch: Id
    seq: Seq
    at: Instant
    body: EventBody
