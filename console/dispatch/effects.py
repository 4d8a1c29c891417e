"""What each event changes in the store. Any event may be told in any state."""

import logging
from datetime import datetime
from functools import cache

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
from console.store.upsert import insert_into
from console.tasks import magazines

log = logging.getLogger(__name__)

_OUTSIDE = "outside"
"""The place of a disc that no appliance has."""
_BURN, _FETCH = Burn.__struct_config__.tag, Fetch.__struct_config__.tag
_FINAL = [state.value for state in JobState if state.is_final]
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
        code, message = _error(body.error)
        values = {
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
        started_at = at if body.state == JobState.RUNNING else None
        row = {
            "job_id": body.job_id,
            "appliance": self._appliance,
            "created_at": at,
            "started_at": started_at,
            **values,
        }
        self._connection.execute(_job_told(self._connection.dialect.name), row)
        if asked == _BURN:
            copies.follow_job(self._connection, self._appliance, body, at)
        elif asked == _FETCH:
            fetches.follow_job(self._connection, self._appliance, body, at)

    def _medium_changed(self, body: MediumChanged, at: datetime) -> None:
        if not self._may_hold(body.medium_id):
            text = f"{self._appliance} speaks of disc {body.medium_id}, which another appliance has"
            log.error("[5256] %s", text)
            alarm = Alarm(f"medium-{body.medium_id}", self._appliance, 5256, text)
            raise_alarm(self._connection, alarm, at)
            return
        code, message = _error(body.error)
        values = {
            "appliance": self._appliance,
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
        self._connection.execute(
            insert_into(self._connection, schema.media).on_conflict_do_update(
                index_elements=["medium_id"], set_=values
            ),
            {"medium_id": body.medium_id, **values},
        )

    def _may_hold(self, medium_id: str) -> bool:
        """Whether a disc can be this appliance's: one that another has stays there (I2)."""
        media = schema.media.c
        elsewhere = sa.select(media.medium_id).where(
            media.medium_id == medium_id,
            media.appliance != self._appliance,
            media.place != _OUTSIDE,
        )
        return self._connection.scalar(elsewhere) is None

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


@cache
def _job_told(dialect: str) -> sa.Insert:
    """Bring a job's row to what an event says, unless the job is over or another appliance's.

    One statement for all events: making it anew takes longer than carrying it out.
    """
    jobs = schema.jobs
    kind = postgresql if dialect == "postgresql" else sqlite
    statement: sqlite.Insert | postgresql.Insert = kind.insert(jobs)
    told = statement.excluded
    values = {name: told[name] for name in _TOLD_OF_A_JOB}
    started_at = sa.func.coalesce(jobs.c.started_at, told.started_at)
    return statement.on_conflict_do_update(
        index_elements=["job_id"],
        set_={**values, "started_at": started_at},
        where=(jobs.c.appliance == told.appliance) & jobs.c.state.not_in(_FINAL),
    )


def _error(error: ErrorInfo | SteleError | None) -> tuple[int | None, str | None]:
    return (error.code, error.message) if error is not None else (None, None)
