"""What is to be done, and the answers: QoS 1, idempotent by id; and what a job asks of HTTP."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from appliance.contract.messages.values import (
    Batch,
    Bytes,
    ErrorInfo,
    Id,
    Instant,
    Label,
    Seq,
    Sha256Hex,
    Token,
    Url,
)
from appliance.contract.states import MediumKind


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
    medium_kind: MediumKind = MediumKind.DISC
    """On a disk or tape the volume is the same plan's bag, not its image."""
    label_print: Label | None = None
    """Print this on the disc after it was verified."""
    batch: Batch | None = None


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


class InventoryBy(StrEnum):
    """How an inventory looks."""

    PRESENCE = "presence"
    """Is there a medium: by presence sensor where slots have one, else by the robot's probe."""
    IDENTITY = "identity"
    """Read the volume identity of each medium in a drive."""
    CAMERA = "camera"
    """Show each disc to the camera above the printer's tray, which reads its printed code."""


class TakeInventory(Struct, frozen=True, tag="take_inventory", omit_defaults=True):
    """Look into the named slots, or all of them; `by` says how closely."""

    slots: Annotated[list[str], Meta(max_length=100_000)] = []
    by: InventoryBy = InventoryBy.PRESENCE


class PrintLabel(Struct, frozen=True, tag="print_label", omit_defaults=True):
    """Print a disc's label and check it with the camera."""

    medium_id: Id
    label: Label
    batch: Batch | None = None


class FileIn(Struct, frozen=True, tag="file_in", omit_defaults=True):
    """A person puts media into empty slots: all of `slots`, or as many empty ones as `count`."""

    slots: Annotated[list[str], Meta(max_length=10_000)] = []
    count: Annotated[int, Meta(ge=0, le=10_000)] = 0


class TakeOut(Struct, frozen=True, tag="take_out"):
    """A person takes these media out of the cabinet."""

    media: Annotated[list[Id], Meta(min_length=1, max_length=10_000)]


class ReleaseMagazine(Struct, frozen=True, tag="release_magazine"):
    """Bring the discs of a magazine home and let it be taken out."""

    place: Annotated[str, Meta(min_length=1, max_length=64)]


class Locate(Struct, frozen=True, tag="locate", omit_defaults=True):
    """Light one slot, or with `on` false darken it."""

    slot: Annotated[str, Meta(min_length=1, max_length=64)]
    on: bool = True


class AcknowledgeAlarm(Struct, frozen=True, tag="acknowledge_alarm"):
    """A person has seen an alarm. It stands until its cause is gone."""

    alarm_id: Annotated[str, Meta(min_length=1, max_length=200)]
    person: Annotated[str, Meta(min_length=1, max_length=64)]


class UnlockDoor(Struct, frozen=True, tag="unlock_door"):
    """Open a door's lock with a turned key and a PIN. Only ever on the cabinet's own socket."""

    door: Annotated[str, Meta(min_length=1, max_length=64)]
    pin: str
    """As it was entered: what is no PIN is told by a number of its own (4013)."""


class LockDoor(Struct, frozen=True, tag="lock_door"):
    """Lock a closed door at once instead of after its time."""

    door: Annotated[str, Meta(min_length=1, max_length=64)]


CommandBody = (
    Burn
    | Verify
    | Fetch
    | Cancel
    | Grant
    | Replay
    | TakeInventory
    | PrintLabel
    | FileIn
    | TakeOut
    | ReleaseMagazine
    | Locate
    | AcknowledgeAlarm
    | UnlockDoor
    | LockDoor
)


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


class FetchItem(Struct, frozen=True):
    """One line of ``/items``: a file to read, by its path in the plan's payload."""

    path: str
    size_bytes: Bytes
    sha256: Sha256Hex
