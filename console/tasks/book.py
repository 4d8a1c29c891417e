"""The book of tasks: one open task for each kind and subject, however many wait for it.

A task is opened by need and closes by itself, when the thing is there or nobody waits any more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    FileIn,
    InventoryBy,
    Locate,
    ReleaseMagazine,
    TakeInventory,
    TakeOut,
)
from console.dispatch.commands import issue
from console.store import schema
from console.store.ids import new_id
from console.store.upsert import insert_into
from console.tasks.kinds import TaskBody, TaskKind, TaskState

NO_TASK, NOT_OPEN = 5322, 5323

_tasks = schema.tasks.c


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a person is asked for."""

    kind: TaskKind
    subject: str
    body: TaskBody
    priority: str = "normal"
    due_at: datetime | None = None

    @property
    def appliance(self) -> str | None:
        return self.body.to_appliance or None


def keep_tasks(
    connection: sa.Connection,
    needs: Collection[Need],
    there: Collection[tuple[str, str]],
    kinds: Collection[TaskKind],
    now: datetime,
) -> None:
    """Have exactly these needs of some kinds as open tasks.

    A task that is no longer among them is done when its kind and subject are in `there`, else
    needless; its lights go out.
    """
    query = sa.select(schema.tasks).where(
        _tasks.state == TaskState.OPEN, _tasks.kind.in_([str(kind) for kind in kinds])
    )
    known = {(row.kind, row.subject): row for row in connection.execute(query)}
    wanted = {(str(need.kind), need.subject): need for need in needs}
    for key, need in wanted.items():
        row = known.get(key)
        if row is None:
            _open(connection, need, now)
        else:
            _refresh(connection, row, need)
    for key, row in known.items():
        if key not in wanted:
            close(connection, row, TaskState.DONE if key in there else TaskState.NEEDLESS, now)


def _open(connection: sa.Connection, need: Need, now: datetime) -> None:
    # Another process may have opened it a moment ago: there is one for each kind and subject.
    connection.execute(
        insert_into(connection, schema.tasks).on_conflict_do_nothing(),
        {
            "task_id": new_id("tk"),
            "kind": str(need.kind),
            "subject": need.subject,
            "appliance": need.appliance,
            "body": msgspec.to_builtins(need.body),
            "state": TaskState.OPEN,
            "priority": need.priority,
            "due_at": need.due_at,
            "created_at": now,
        },
    )


def _refresh(connection: sa.Connection, row: Any, need: Need) -> None:
    """Bring an open task up to date; one that a person has begun keeps its place and lights."""
    before = body_of(row)
    body = need.body
    if row.started_at is not None:
        body = msgspec.structs.replace(
            body,
            to_appliance=before.to_appliance,
            to_place=before.to_place,
            lights=before.lights,
            lit=before.lit,
        )
    values = {
        "body": msgspec.to_builtins(body),
        "appliance": body.to_appliance or None,
        "priority": need.priority,
        "due_at": need.due_at,
    }
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    connection.execute(
        sa.update(schema.tasks).where(_tasks.task_id == row.task_id).values(**values)
    )


def body_of(row: Any) -> TaskBody:
    return msgspec.convert(row.body, TaskBody)


def close(
    connection: sa.Connection, row: Any, state: TaskState, now: datetime, person: str | None = None
) -> None:
    """End an open task and put out what is lit for it."""
    body = body_of(row)
    ended = connection.execute(
        sa.update(schema.tasks)
        .where(_tasks.task_id == row.task_id, _tasks.state == TaskState.OPEN)
        .values(
            state=state,
            done_at=now,
            done_by=person or row.started_by,
            body=msgspec.to_builtins(msgspec.structs.replace(body, lit=[])),
        )
    )
    if ended.rowcount and body.to_appliance:
        for slot in body.lit:
            issue(connection, body.to_appliance, Locate(slot, on=False), now)


def open_task(connection: sa.Connection, task_id: str) -> Any:
    """The row of a task that is open.

    Raises:
        SteleError: 5322 there is none of this id; 5323 it is not open any more.
    """
    query = sa.select(schema.tasks).where(_tasks.task_id == task_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(NO_TASK, f"there is no task {task_id}")
    if row.state != TaskState.OPEN:
        raise SteleError(NOT_OPEN, f"task {task_id} is {row.state} since {row.done_at}")
    return row


def start(connection: sa.Connection, task_id: str, person: str, now: datetime) -> Any:
    """A person takes the task up: the cabinet lights where the thing goes. Again lights again.

    A single medium is awaited by the cabinet (`FileIn`), which lights the slot itself.
    """
    row = open_task(connection, task_id)
    body = body_of(row)
    at = body.to_appliance
    if row.kind == TaskKind.TAKE_MAGAZINE and at and body.last_place:
        issue(connection, at, ReleaseMagazine(body.last_place), now)
    elif row.kind == TaskKind.TAKE_MEDIA and at and body.media:
        issue(connection, at, TakeOut(body.media), now)
    elif row.kind == TaskKind.BRING_MEDIUM and at and body.to_place and row.started_at is None:
        issue(connection, at, FileIn(slots=[body.to_place]), now)
    elif at and row.kind != TaskKind.CARRY_MEDIUM:
        for slot in body.lights:
            issue(connection, at, Locate(slot), now)
        body = msgspec.structs.replace(body, lit=list(body.lights))
    values = {"started_at": now, "started_by": person, "body": msgspec.to_builtins(body)}
    connection.execute(
        sa.update(schema.tasks)
        .where(_tasks.task_id == task_id, _tasks.state == TaskState.OPEN)
        .values(**values)
    )
    return open_task(connection, task_id)


def look_again(connection: sa.Connection, task_id: str, person: str, now: datetime) -> Any:
    """A person says that it is done: the cabinet looks which media are there.

    The task closes by itself when what it asks for is found, and stays open when it is not.
    """
    row = open_task(connection, task_id)
    body = body_of(row)
    if body.to_appliance and row.kind != TaskKind.CARRY_MEDIUM:
        slots = [body.to_place] if row.kind == TaskKind.BRING_MEDIUM and body.to_place else []
        issue(connection, body.to_appliance, TakeInventory(slots, by=InventoryBy.IDENTITY), now)
    connection.execute(
        sa.update(schema.tasks).where(_tasks.task_id == task_id).values(started_by=person)
    )
    return open_task(connection, task_id)
