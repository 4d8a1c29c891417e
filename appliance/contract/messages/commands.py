"""What is to be done, and the answers: QoS 1, idempotent by id; and what a job asks of HTTP."""

from typing import Annotated

from msgspec import Meta, Struct

from appliance.contract.messages.values import (
    Bytes,
    ErrorInfo,
    Id,
    Instant,
    Seq,
    Sha256Hex,
    Token,
    Url,
)


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


class FetchItem(Struct, frozen=True):
    """One line of ``/items``: a file to read, by its path in the plan's payload."""

    path: str
    size_bytes: Bytes
    sha256: Sha256Hex
