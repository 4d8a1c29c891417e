"""What each event changes in the store. Any event may be told in any state."""

import logging
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    Burn,
    CopyLost,
    CopyVerified,
    ErrorInfo,
    EventBody,
    Fetch,
    FilesDelivered,
    Grant,
    GrantWanted,
    JobChanged,
    MagazineMoved,
    MediumChanged,
)
from appliance.contract.states import JobState
from console.dispatch import copies
from console.dispatch.alarms import Alarm, acknowledge_alarm, clear_alarm, raise_alarm
from console.dispatch.commands import hear_of, issue_grant
from console.retrieval import fetches
from console.store import schema
from console.tasks import magazines

log = logging.getLogger(__name__)

OUTSIDE = "outside"
"""The place of a disc that no appliance has."""
_BURN, _FETCH = Burn.__struct_config__.tag, Fetch.__struct_config__.tag
_FINAL = [state.value for state in JobState if state.is_final]
_media = schema.media.c
_ELSEWHERE = sa.select(_media.medium_id).where(
    _media.medium_id == sa.bindparam("medium"),
    _media.appliance != sa.bindparam("of"),
    _media.place != OUTSIDE,
)
_TOLD_OF_A_JOB = (
    *("verb", "state", "stage", "volume_id", "copy_id", "medium_id", "drive", "attempt"),
    *("error_code", "error_message", "updated_at", "fraction", "speed_bytes_per_s"),
    *("seconds_left", "waiting_for"),
)


class Effects:
    """Applies events of one appliance within one transaction."""

    def __init__(self, connection: sa.Connection, appliance: str, now: datetime) -> None:
        self._connection = connection
        self._appliance = appliance
        self.now = now

    def apply(self, body: EventBody, at: datetime) -> None:
        """Make the event true in the store; `at` is when it happened."""
        match body:
            case JobChanged():
                self._job_changed(body, at)
            case CopyVerified():
                copies.take_verified(self._connection, self._appliance, body, at)
            case CopyLost():
                copies.take_lost(self._connection, self._appliance, body, at)
            case MediumChanged():
                self._medium_changed(body, at)
            case MagazineMoved():
                magazines.take_moved(self._connection, self._appliance, body, at)
            case FilesDelivered():
                fetches.take_delivered(self._connection, self._appliance, body, at)
            case GrantWanted():
                issue_grant(self._connection, self._appliance, Grant(body.job_id, ""), self.now)
            case AlarmRaised() | AlarmCleared() | AlarmAcknowledged():
                self._alarm_told(body, at)
            case _:
                pass  # doors, labels: kept as events, and shown as such

    def _job_changed(self, body: JobChanged, at: datetime) -> None:
        asked = hear_of(self._connection, self._appliance, body.job_id, at)
        if asked is None:
            log.warning("[5256] %s speaks of job %s", self._appliance, body.job_id)
            return
        row = job_row(self._appliance, body, at)
        self._connection.execute(job_told(self._connection.dialect.name), row)
        if asked == _BURN:
            copies.follow_job(self._connection, self._appliance, body, at)
        elif asked == _FETCH:
            fetches.follow_job(self._connection, self._appliance, body, at)

    def _medium_changed(self, body: MediumChanged, at: datetime) -> None:
        if self._may_hold(body.medium_id):
            row = medium_row(self._appliance, body, at)
            self._connection.execute(medium_told(self._connection.dialect.name), row)
        else:
            raise_alarm(self._connection, taken_elsewhere(self._appliance, body.medium_id), at)

    def _may_hold(self, medium_id: str) -> bool:
        """Whether a disc can be this appliance's: one that another has stays there (I2)."""
        this = {"medium": medium_id, "of": self._appliance}
        return self._connection.scalar(_ELSEWHERE, this) is None

    def _alarm_told(
        self, body: AlarmRaised | AlarmCleared | AlarmAcknowledged, at: datetime
    ) -> None:
        match body:
            case AlarmRaised(alarm_id=alarm_id, where=where, error=error):
                alarm = Alarm(alarm_id, where, error.code, error.message, self._appliance)
                raise_alarm(self._connection, alarm, at)
            case AlarmCleared():
                clear_alarm(self._connection, body.alarm_id, at, self._appliance, body.person)
            case AlarmAcknowledged():
                acknowledge_alarm(self._connection, body.alarm_id, at, self._appliance, body.person)


def job_row(appliance: str, body: JobChanged, at: datetime) -> dict[str, Any]:
    """What an event says of a job, for `job_told`."""
    code, message = _error(body.error)
    return {
        "job_id": body.job_id,
        "appliance": appliance,
        "created_at": at,
        "started_at": at if body.state == JobState.RUNNING else None,
        "verb": body.verb,
        "state": body.state,
        "stage": body.stage,
        "volume_id": body.volume_id,
        "copy_id": body.copy_id,
        "medium_id": body.medium_id,
        "drive": body.drive,
        "attempt": body.attempt,
        "error_code": code,
        "error_message": message,
        "updated_at": at,
        # Progress belongs to the stage that was left.
        "fraction": 1.0 if body.state == JobState.DONE else None,
        "speed_bytes_per_s": None,
        "seconds_left": None,
        "waiting_for": "",
    }


def medium_row(appliance: str, body: MediumChanged, at: datetime) -> dict[str, Any]:
    """What an event says of a medium, for `medium_told`."""
    code, message = _error(body.error)
    return {
        "medium_id": body.medium_id,
        "appliance": appliance,
        "place": body.place,
        "home_slot": body.home_slot,
        "state": body.state,
        "volume_id": body.volume_id,
        "label": body.label,
        "capacity_bytes": body.capacity_bytes,
        "kind": body.kind,
        "magazine_id": body.magazine_id,
        "error_code": code,
        "error_message": message,
        "updated_at": at,
    }


def taken_elsewhere(appliance: str, medium_id: str) -> Alarm:
    """The alarm that an appliance speaks of a medium that another one has; it is logged, too."""
    text = f"{appliance} speaks of disc {medium_id}, which another appliance has"
    log.error("[5256] %s", text)
    return Alarm(f"medium-{medium_id}", appliance, 5256, text)


@cache
def job_told(dialect: str) -> sa.Insert:
    """Bring a job's row to what an event says, unless the job is over or another appliance's.

    One statement for all events: making it anew takes longer than carrying it out.
    """
    jobs = schema.jobs
    statement = _insert(dialect, jobs)
    told = statement.excluded
    values = {name: told[name] for name in _TOLD_OF_A_JOB}
    started_at = sa.func.coalesce(jobs.c.started_at, told.started_at)
    return statement.on_conflict_do_update(
        index_elements=["job_id"],
        set_={**values, "started_at": started_at},
        # Not `not_in`: SQLAlchemy carries that out for one row only.
        where=sa.and_(jobs.c.appliance == told.appliance, *(jobs.c.state != s for s in _FINAL)),
    )


@cache
def medium_told(dialect: str) -> sa.Insert:
    """Bring a medium's row to what an event says."""
    statement = _insert(dialect, schema.media)
    values = {name: statement.excluded[name] for name in schema.media.c.keys()}  # noqa: SIM118
    del values["medium_id"]
    return statement.on_conflict_do_update(index_elements=["medium_id"], set_=values)


def _insert(dialect: str, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    kind = postgresql if dialect == "postgresql" else sqlite
    statement: sqlite.Insert | postgresql.Insert = kind.insert(table)
    return statement


def _error(error: ErrorInfo | SteleError | None) -> tuple[int | None, str | None]:
    return (error.code, error.message) if error is not None else (None, None)
