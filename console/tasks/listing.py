"""Tasks as others see them: commands, pages, the API."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.store import schema
from console.tasks.book import NO_TASK, body_of
from console.tasks.kinds import TaskKind
from console.tasks.wording import sentence


class TaskRow(Struct, frozen=True):
    """One task. `text` says it in a sentence, `text_zh` in Chinese; `lights` are the slots that are
    lit once it is started, `lit` those that are lit now because of it.
    """

    task_id: str
    kind: str
    subject: str
    state: str
    priority: str
    due_at: datetime | None
    appliance: str | None
    place: str
    last_appliance: str
    last_place: str
    away_since: str
    labels: list[str]
    media: list[str]
    requests: list[str]
    lights: list[str]
    lit: list[str]
    text: str
    text_zh: str
    created_at: datetime
    started_at: datetime | None
    started_by: str | None
    done_at: datetime | None
    done_by: str | None


def tasks_query() -> sa.Select[Any]:
    return sa.select(schema.tasks)


def show_task(row: Any) -> TaskRow:
    body, kind = body_of(row), row.kind
    known = kind in list(TaskKind)
    return TaskRow(
        task_id=row.task_id,
        kind=kind,
        subject=row.subject,
        state=row.state,
        priority=row.priority,
        due_at=row.due_at,
        appliance=row.appliance,
        place=body.to_place,
        last_appliance=body.last_appliance,
        last_place=body.last_place,
        away_since=body.away_since,
        labels=body.labels,
        media=body.media,
        requests=body.requests,
        lights=body.lights,
        lit=body.lit,
        text=sentence(TaskKind(kind), row.subject, body) if known else row.subject,
        text_zh=sentence(TaskKind(kind), row.subject, body, "zh") if known else row.subject,
        created_at=row.created_at,
        started_at=row.started_at,
        started_by=row.started_by,
        done_at=row.done_at,
        done_by=row.done_by,
    )


def task_row(connection: sa.Connection, task_id: str) -> TaskRow:
    """One task.

    Raises:
        SteleError: 5322 there is none of this id.
    """
    query = tasks_query().where(schema.tasks.c.task_id == task_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(NO_TASK, f"there is no task {task_id}")
    return show_task(row)
