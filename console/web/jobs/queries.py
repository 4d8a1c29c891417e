"""What the store knows of jobs, with the words that go with their errors."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appliance.contract.states import JobStage, JobState
from console.store import schema as s
from console.store.states import CopyState
from console.web.words import Translate

ACTIVE_STATES = tuple(state for state in JobState if not state.is_final)
ACTIVE_ROWS = 40
RECENT_ROWS = 30
PATHS = {
    "burn": (JobStage.LOAD, JobStage.BURN, JobStage.VERIFY, JobStage.RETURN),
    "verify": (JobStage.LOAD, JobStage.VERIFY, JobStage.RETURN),
    "fetch": (JobStage.LOAD, JobStage.READ, JobStage.RETURN),
    "print_label": (JobStage.PRINT, JobStage.RETURN),
}
"""The stages that a verb goes through, for the track beside its bar."""


VERBS = {
    "take_inventory": "inventory",
    "print_label": "label",
    "file_in": "filing in",
    "take_out": "taking out",
    "release_magazine": "magazine",
}
"""Verbs that people call otherwise."""
WAITS = {
    "drive": "a free drive",
    "blank disc": "a blank disc",
    "content": "the console's content",
    "grant": "a new right to its content",
    "operator": "a person at the cabinet",
    "climate": "better air: it is out of the policy's range",
    "printer": "the printer",
}
"""What a firmware says that a job waits for, as a phrase."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a job's track: `is_now` while it is at work on it."""

    stage: str
    is_past: bool
    is_now: bool


def active_jobs(connection: sa.Connection) -> list[sa.RowMapping]:
    """Jobs that wait or run: running ones first, then the oldest."""
    query = (
        _with_volumes()
        .where(s.jobs.c.state.in_(ACTIVE_STATES))
        .order_by(s.jobs.c.state == JobState.WAITING, s.jobs.c.created_at, s.jobs.c.job_id)
        .limit(ACTIVE_ROWS)
    )
    return list(connection.execute(query).mappings())


def ended_jobs(connection: sa.Connection, limit: int = RECENT_ROWS) -> list[sa.RowMapping]:
    """The jobs that ended last."""
    query = (
        _with_volumes()
        .where(s.jobs.c.state.not_in(ACTIVE_STATES))
        .order_by(s.jobs.c.updated_at.desc(), s.jobs.c.job_id)
        .limit(limit)
    )
    return list(connection.execute(query).mappings())


def given_up_copies(connection: sa.Connection) -> list[sa.RowMapping]:
    """Copies that nobody makes any more until a person has them tried again."""
    c, v = s.copies.c, s.volumes.c
    query = (
        sa.select(s.copies, v.label)
        .join_from(s.copies, s.volumes, v.volume_id == c.volume_id)
        .where(c.state == CopyState.FAILED)
        .order_by(v.label, c.role)
        .limit(RECENT_ROWS)
    )
    return list(connection.execute(query).mappings())


def count_active(connection: sa.Connection) -> int:
    query = sa.select(sa.func.count()).where(s.jobs.c.state.in_(ACTIVE_STATES))
    return connection.scalar(query) or 0


def steps_of(verb: str, stage: str, state: str) -> list[Step]:
    """A job's track; a verb without a known path has none."""
    path = PATHS.get(verb, ())
    if stage == JobStage.PRINT and stage not in path:  # a burn that prints a label
        path = (*path[:-1], JobStage.PRINT, *path[-1:])
    if state == JobState.DONE:
        return [Step(name, is_past=True, is_now=False) for name in path]
    now = path.index(JobStage(stage)) if stage in path else -1
    return [Step(name, i < now, i == now) for i, name in enumerate(path)]


def wait_reason(waiting_for: str, translate: Translate) -> str:
    """What a job waits for, as a sentence; a word that is not known here stands as it came."""
    return translate("Waits for: {what}", what=translate(WAITS.get(waiting_for, waiting_for)))


def _with_volumes() -> sa.Select[Any]:
    return sa.select(
        s.jobs, s.volumes.c.label, s.volumes.c.fonds, s.volumes.c.series, s.copies.c.role
    ).select_from(
        s.jobs.outerjoin(s.volumes, s.volumes.c.volume_id == s.jobs.c.volume_id).outerjoin(
            s.copies, s.copies.c.copy_id == s.jobs.c.copy_id
        )
    )
