"""A job as the journal keeps it, and the words of its parameters."""

from datetime import datetime

import msgspec
from msgspec import Struct

from appliance.contract.messages import (
    Burn,
    Command,
    ErrorInfo,
    Fetch,
    FileIn,
    PrintLabel,
    ReleaseMagazine,
    TakeInventory,
    TakeOut,
    Verify,
)
from appliance.contract.states import JobState
from appliance.jobs.steps import FIRST_STEPS, Step

JobBody = Burn | Verify | Fetch | TakeInventory | PrintLabel | FileIn | TakeOut | ReleaseMagazine
VERBS: dict[type, str] = {
    Burn: "burn",
    Verify: "verify",
    Fetch: "fetch",
    TakeInventory: "take_inventory",
    PrintLabel: "print_label",
    FileIn: "file_in",
    TakeOut: "take_out",
    ReleaseMagazine: "release_magazine",
}


class Facts(Struct, frozen=True):
    """What a job has found out so far and must not forget.

    `failed_drives` could not do it with the present, written medium, of which `readings_failed`
    readings came to nothing; `burn_drive` and `burn_s`
    belong to it too. `failed_burners` could not burn one of the job's media; `spent_media` counts
    those whose burn had begun and that were given up.
    """

    failed_drives: tuple[str, ...] = ()
    readings_failed: int = 0
    failed_burners: tuple[str, ...] = ()
    spent_media: int = 0
    burn_drive: str | None = None
    burn_s: float | None = None
    slots: tuple[str, ...] = ()
    """Where a person is to file in or take out."""


class JobRecord(Struct, frozen=True):
    """One row. `ending` is decided before the medium goes back, `state` follows when it has."""

    id: str
    body: JobBody
    state: JobState
    step: Step
    received_at: datetime
    medium_id: str | None = None
    drive: str | None = None
    attempt: int = 1
    ending: JobState | None = None
    error: ErrorInfo | None = None
    cancelled: bool = False
    token: str | None = None
    facts: Facts = Facts()
    ended_at: datetime | None = None

    @property
    def verb(self) -> str:
        return VERBS[type(self.body)]


def encode_record(record: JobRecord) -> bytes:
    return msgspec.json.encode(record)


def decode_record(raw: bytes) -> JobRecord:
    return msgspec.json.decode(raw, type=JobRecord)


def first_record(command: Command, now: datetime) -> JobRecord:
    """The record of a job that has just been accepted."""
    body = command.body
    if not isinstance(body, JobBody):
        raise TypeError(f"{type(body).__name__} is no job")
    medium_id = body.medium_id if isinstance(body, Verify | Fetch | PrintLabel) else None
    step = FIRST_STEPS[VERBS[type(body)]]
    return JobRecord(command.id, body, JobState.WAITING, step, now, medium_id)
