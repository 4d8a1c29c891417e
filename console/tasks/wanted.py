"""Which people are asked for what: media that requests wait for and no drive can reach, and discs
that wait for a hand.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from appliance.contract.states import JobState, MediumKind
from console.retrieval.ordering import Load
from console.retrieval.queue import CopyAt, Queue
from console.retrieval.states import Priority
from console.store import schema
from console.store.engine import reading
from console.tasks.book import Need, keep_tasks
from console.tasks.kinds import TaskBody, TaskKind, TaskState
from console.tasks.places import Place, magazine_place, medium_place

LABELS_KEPT = 20
_FETCHED = (TaskKind.BRING_MAGAZINE, TaskKind.BRING_MEDIUM, TaskKind.CARRY_MEDIUM)
_BY_WEIGHT = list(Priority)
_OUTSIDE, _MAGAZINE = "outside", "magazine:"

_tasks, _jobs, _media = schema.tasks.c, schema.jobs.c, schema.media.c
_appliances, _magazines = schema.appliances.c, schema.magazines.c


def ask_people(
    engine: sa.Engine,
    queue: Queue,
    loads: Iterable[Load],
    now: datetime,
) -> None:
    """Have an open task for each magazine and medium that somebody has to bring or carry."""
    offline = [load for load in loads if not load.option.is_online]
    with reading(engine).connect() as connection:
        carried = _carried(connection, queue)
        if not offline and not carried and not _is_any_open(connection):
            return
        needs = [*_brought(connection, queue, offline), *carried]
        there = _there(connection)
        if not needs and not _is_any_open(connection):
            return
    with engine.begin() as connection:
        keep_tasks(connection, needs, there, _FETCHED, now)


def _is_any_open(connection: sa.Connection) -> bool:
    query = sa.select(_tasks.task_id).where(_tasks.state == TaskState.OPEN).limit(1)
    return connection.scalar(query) is not None


def _there(connection: sa.Connection) -> set[tuple[str, str]]:
    """Of the subjects of open tasks those that are in an appliance now."""
    query = sa.select(_tasks.kind, _tasks.subject).where(_tasks.state == TaskState.OPEN)
    found = set()
    for kind, subject in connection.execute(query):
        place: str | None
        if kind == TaskKind.BRING_MAGAZINE:
            place = connection.scalar(
                sa.select(_magazines.place).where(_magazines.magazine_id == subject)
            )
            is_there = place is not None or _came_back(connection, subject)
        else:
            place = connection.scalar(sa.select(_media.place).where(_media.medium_id == subject))
            is_there = place is not None and not _is_outside(place)
        if is_there:
            found.add((kind, subject))
    return found


def _came_back(connection: sa.Connection, magazine_id: str) -> bool:
    """Whether a disc of the magazine is in an appliance, told before the magazine itself was."""
    query = sa.select(_media.place).where(_media.magazine_id == magazine_id)
    return any(not _is_outside(place) for place in connection.scalars(query))


def _is_outside(place: str) -> bool:
    return place == _OUTSIDE or place.startswith(_MAGAZINE)


def _brought(connection: sa.Connection, queue: Queue, offline: list[Load]) -> list[Need]:
    """The needs for what is offline: a magazine once, whatever is wanted from it."""
    by_subject: defaultdict[tuple[TaskKind, str], list[tuple[Load, CopyAt]]] = defaultdict(list)
    for load in offline:
        copy = _copy_of(queue, load)
        magazine_id = _magazine_of(copy)
        key = (
            (TaskKind.BRING_MAGAZINE, magazine_id)
            if magazine_id
            else (TaskKind.BRING_MEDIUM, copy.medium_id)
        )
        by_subject[key].append((load, copy))
    pictures = _Pictures(connection) if by_subject else None
    needs = []
    for (kind, subject), found in sorted(by_subject.items()):
        requests = {part.request_id for load, _ in found for part in load.parts}
        body = _body(connection, kind, subject, [copy for _, copy in found], sorted(requests))
        if pictures is not None:
            body = pictures.with_place(kind, body, found[0][1])
        needs.append(_need(kind, subject, body, queue))
    return needs


def _copy_of(queue: Queue, load: Load) -> CopyAt:
    copies = queue.copies[load.parts[0].volume_id]
    return next(copy for copy in copies if copy.copy_id == load.option.copy_id)


def _magazine_of(copy: CopyAt) -> str:
    """The magazine that a medium is offline in; empty when it lies somewhere by itself."""
    place = copy.place or ""
    return place.removeprefix(_MAGAZINE) if place.startswith(_MAGAZINE) else ""


def _need(kind: TaskKind, subject: str, body: TaskBody, queue: Queue) -> Need:
    rows = [queue.requests[request_id] for request_id in body.requests]
    known = [Priority(row.priority) for row in rows if row.priority in _BY_WEIGHT]
    priority = min(known, key=_BY_WEIGHT.index, default=Priority.NORMAL)
    due_at = min((row.due_at for row in rows if row.due_at is not None), default=None)
    return Need(kind, subject, body, priority, due_at)


def _body(
    connection: sa.Connection,
    kind: TaskKind,
    subject: str,
    copies: list[CopyAt],
    requests: list[str],
) -> TaskBody:
    volumes = sorted({copy.volume_id for copy in copies})[:LABELS_KEPT]
    labels = connection.scalars(
        sa.select(schema.volumes.c.label)
        .where(schema.volumes.c.volume_id.in_(volumes))
        .order_by(schema.volumes.c.label)
    )
    body = TaskBody(
        labels=list(labels),
        media=sorted(copy.medium_id for copy in copies)[:LABELS_KEPT],
        requests=requests,
        last_appliance=copies[0].appliance,
    )
    if kind is TaskKind.BRING_MAGAZINE:
        row = connection.execute(
            sa.select(schema.magazines).where(_magazines.magazine_id == subject)
        ).one_or_none()
        if row is None:
            return body
        return _seen(body, row.appliance, row.last_place, row.moved_at)
    row = connection.execute(
        sa.select(schema.media, schema.copies.c.slot)
        .outerjoin_from(
            schema.media, schema.copies, schema.copies.c.medium_id == schema.media.c.medium_id
        )
        .where(_media.medium_id == subject)
    ).first()
    return _seen(body, row.appliance, row.home_slot or row.slot, row.updated_at) if row else body


def _seen(body: TaskBody, appliance: str, place: str | None, since: datetime) -> TaskBody:
    return replace(
        body,
        last_appliance=appliance,
        last_place=place or "",
        away_since=since.isoformat(timespec="seconds"),
    )


class _Pictures:
    """The newest pictures of the appliances that are there, for finding a free place."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known: dict[str, Any] = {}

    def with_place(self, kind: TaskKind, body: TaskBody, copy: CopyAt) -> TaskBody:
        """The body with the best place: where it was, else at its site, else anywhere."""
        best: Place | None = None
        for appliance in self._nearest(body.last_appliance, kind):
            place = self._place(appliance, kind, body, copy)
            if place is None:
                continue
            if place.name:
                best = place
                break
            best = best or place
        if best is None:
            return body
        return replace(
            body,
            to_appliance=best.appliance,
            to_place=best.name,
            lights=list(best.lights),
        )

    def _place(self, appliance: str, kind: TaskKind, body: TaskBody, copy: CopyAt) -> Place | None:
        if appliance not in self._known:
            query = sa.select(_appliances.library).where(_appliances.appliance == appliance)
            self._known[appliance] = self._connection.scalar(query)
        picture, before = self._known[appliance], body.last_place
        if kind is TaskKind.BRING_MAGAZINE:
            return magazine_place(appliance, picture, before)
        return medium_place(appliance, picture, before, MediumKind(copy.medium_kind))

    def _nearest(self, appliance: str, kind: TaskKind) -> list[str]:
        """The appliances that are there: where it was first, then those of its site.

        An appliance knows a single medium that was its own; another one would have to read it.
        """
        if kind is TaskKind.BRING_MEDIUM:
            return [appliance] if self._is_online(appliance) else []
        query = sa.select(_appliances.appliance).where(_appliances.online.is_(True))
        site = appliance.partition("/")[0] + "/"
        names = list(self._connection.scalars(query))
        return sorted(names, key=lambda n: (n != appliance, not n.startswith(site), n))[:50]

    def _is_online(self, appliance: str) -> bool:
        query = sa.select(_appliances.online).where(_appliances.appliance == appliance)
        return bool(self._connection.scalar(query))


def _carried(connection: sa.Connection, queue: Queue) -> list[Need]:
    """The needs for discs that a job waits for a person to carry."""
    query = (
        sa.select(schema.jobs, schema.volumes.c.label, schema.copies.c.slot)
        .outerjoin_from(schema.jobs, schema.volumes, schema.volumes.c.volume_id == _jobs.volume_id)
        .outerjoin(schema.copies, schema.copies.c.copy_id == _jobs.copy_id)
        .where(
            _jobs.waiting_for == "person",
            _jobs.state.in_([JobState.WAITING, JobState.RUNNING]),
            _jobs.medium_id.is_not(None),
        )
    )
    waiters = {fetch.job_id: queue.waiters.get(fetch.fetch_id, set()) for fetch in queue.fetches}
    needs = {}
    for row in connection.execute(query):
        body = TaskBody(
            labels=[row.label] if row.label else [],
            media=[row.medium_id],
            requests=sorted(r for r in waiters.get(row.job_id, ()) if r in queue.requests),
            to_appliance=row.appliance,
            to_place=row.slot or "",
            # The cabinet lights it by itself as long as the job waits.
            lights=[row.slot] if row.slot else [],
        )
        needs[row.medium_id] = _need(TaskKind.CARRY_MEDIUM, row.medium_id, body, queue)
    return list(needs.values())
