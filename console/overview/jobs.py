"""The work of the fleet: jobs as the appliances report them, and copies that wait for one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.states import JobState
from console.store.schema import copies, jobs, volumes
from console.store.states import CopyState, VolumeState

_OPEN_COPIES = (CopyState.PLANNED, CopyState.DISPATCHED, CopyState.BURNING)
_RECENT = timedelta(minutes=10)
FINAL_STATES = tuple(state for state in JobState if state.is_final)


class JobRow(Struct, frozen=True):
    """One job. `label` and `role` say which copy of which volume it makes."""

    job_id: str
    appliance: str
    verb: str
    state: str
    stage: str
    fraction: float | None
    bytes_done: int
    bytes_total: int | None
    speed_bytes_per_s: float | None
    seconds_left: float | None
    label: str | None
    role: str | None
    medium_id: str | None
    drive: str | None
    attempt: int
    waiting_for: str
    error_code: int | None
    error_message: str | None
    updated_at: datetime


class CopyRow(Struct, frozen=True):
    """A copy that is wanted and not yet verified."""

    copy_id: str
    label: str
    role: str
    state: str
    image_size_bytes: int
    appliance: str | None
    error_code: int | None
    error_message: str | None


class Work(Struct, frozen=True):
    """What is going on. Looking through the slots is nobody's work to wait for."""

    jobs: list[JobRow]
    copies: list[CopyRow]
    copies_verified: int

    @property
    def is_going_on(self) -> bool:
        return any(
            not JobState(job.state).is_final and job.verb != "take_inventory" for job in self.jobs
        ) or any(copy.state in _OPEN_COPIES for copy in self.copies)


def work(connection: sa.Connection, *, everything: bool = False) -> Work:
    """Open jobs and those that ended in the last ten minutes, or all; copies not yet verified."""
    wanted = sa.select(copies, volumes.c.label, volumes.c.image_size_bytes).join_from(
        copies, volumes
    )
    unfinished = wanted.where(
        volumes.c.state.in_([VolumeState.APPROVED, VolumeState.FAILED]),
        copies.c.state != CopyState.VERIFIED,
    ).order_by(volumes.c.label, copies.c.copy_id)
    verified = sa.select(sa.func.count()).where(copies.c.state == CopyState.VERIFIED)
    return Work(
        [show_job(row) for row in connection.execute(_jobs_query(everything=everything))],
        [_copy_row(row) for row in connection.execute(unfinished)],
        connection.scalar(verified) or 0,
    )


def _jobs_query(*, everything: bool) -> sa.Select[Any]:
    query = jobs_query().order_by(jobs.c.created_at, jobs.c.job_id)
    if everything:
        return query
    recent = jobs.c.updated_at > datetime.now(UTC) - _RECENT
    return query.where(jobs.c.state.not_in(FINAL_STATES) | recent)


def jobs_query() -> sa.Select[Any]:
    """Jobs with the volume and the copy that they are about."""
    return (
        sa.select(jobs, volumes.c.label, copies.c.role)
        .outerjoin_from(jobs, volumes, volumes.c.volume_id == jobs.c.volume_id)
        .outerjoin(copies, copies.c.copy_id == jobs.c.copy_id)
    )


def show_job(row: sa.Row[Any]) -> JobRow:
    """A row of `jobs_query`."""
    values = row._mapping
    return JobRow(**{name: values[name] for name in JobRow.__struct_fields__})


def _copy_row(row: sa.Row[Any]) -> CopyRow:
    values = row._mapping
    return CopyRow(**{name: values[name] for name in CopyRow.__struct_fields__})
