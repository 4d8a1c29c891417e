"""The words for states that the console keeps, and what each of them allows."""

from enum import StrEnum


class PackageState(StrEnum):
    OPEN = "open"
    """An ingest is at work on it, or was killed: it is not planned until an ingest completes it."""
    LANDED = "landed"
    """Complete in the landing zone; waits for a plan. New files may still be added."""
    PLANNED = "planned"
    """Part of a plan that is proposed or approved; closed to new files."""
    ARCHIVED = "archived"
    """Every copy that its policy asks for is verified (I1)."""
    DAMAGED = "damaged"
    """A landing file no longer has its digest; a new ingest of the same files heals it."""


class FileState(StrEnum):
    LANDED = "landed"
    ARCHIVED = "archived"
    DAMAGED = "damaged"


class IngestState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    PARTLY = "partly"
    """Done, and some files were refused."""
    FAILED = "failed"


class BlobState(StrEnum):
    LANDED = "landed"
    DAMAGED = "damaged"
    RELEASED = "released"
    """The landing zone has let go of the bytes; only discs hold them (I4)."""


class PlanState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """Changed or planned again: another plan names it in `replaces`."""
    DONE = "done"


class VolumeState(StrEnum):
    PLANNED = "planned"
    APPROVED = "approved"
    ARCHIVED = "archived"
    FAILED = "failed"


class CopyState(StrEnum):
    PLANNED = "planned"
    DISPATCHED = "dispatched"
    BURNING = "burning"
    VERIFIED = "verified"
    FAILED = "failed"


class CommandState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """Not sent any more, and the appliance may have it: what it makes by it is told as a spare."""


class RequestState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (RequestState.DONE, RequestState.FAILED)


class RequestFileState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
