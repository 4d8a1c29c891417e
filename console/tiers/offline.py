"""Copies that nobody has used for long go offline: which, and the tasks that ask people for it.

A policy names the days without use and the roles whose copies go. A magazine goes when every disc
in it that bears a volume may; other media go one by one. Nothing goes while its volume lacks a
copy (I1), while somebody waits for a file of it, or while a set of work on it is under way.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.store import schema
from console.store.engine import reading
from console.store.states import CopyState, RequestFileState, RequestState, VolumeState
from console.tasks.book import Need, keep_tasks
from console.tasks.kinds import TaskBody, TaskKind, TaskState
from console.tiers.asked import tier_rules
from console.tiers.tier import is_away

MEDIA_TOGETHER = 50
"""So many media does one task ask for at most."""
LABELS_KEPT = 20
_CANDIDATES_MAX = 2_000
_KINDS = (TaskKind.TAKE_MAGAZINE, TaskKind.TAKE_MEDIA)

_copies, _volumes, _media = schema.copies.c, schema.volumes.c, schema.media.c
_packages, _of_volume = schema.packages.c, schema.volume_packages.c
_tasks, _magazines = schema.tasks.c, schema.magazines.c


@dataclass(frozen=True, slots=True)
class Idle:
    """A medium that may go offline."""

    medium_id: str
    magazine_id: str | None
    appliance: str
    place: str
    label: str


def ask_to_take_offline(engine: sa.Engine, now: datetime) -> None:
    """Have an open task for each magazine, and for each appliance's media, that should go."""
    with reading(engine).connect() as connection:
        needs = [*_needs(connection, list(idle_media(connection, now)))]
        if not needs and not _any_open(connection):
            return
        gone = _gone(connection)
    with engine.begin() as connection:
        keep_tasks(connection, needs, gone, _KINDS, now)


def idle_media(connection: sa.Connection, now: datetime) -> Iterable[Idle]:
    """Media in appliances all of whose volumes have been idle as long as their policies say."""
    for policy_id, tiers in tier_rules(connection).items():
        days, roles = tiers.offline_after_days.value, tiers.offline_roles.value
        if days and roles:
            before = now - timedelta(days=days)
            for row in connection.execute(_idle_query(policy_id, roles, before)):
                yield Idle(
                    row.medium_id, row.magazine_id, row.appliance, row.place, row.label or ""
                )


def _idle_query(policy_id: str, roles: list[str], before: datetime) -> sa.Select[Any]:
    may_go = _may_go(policy_id, roles, before)
    these = _copies.medium_id == _media.medium_id
    return (
        sa.select(schema.media)
        .where(
            ~is_away(),
            sa.exists().select_from(_COPIES).where(these, may_go),
            ~sa.exists().select_from(_COPIES).where(these, _counts(), sa.not_(may_go)),
        )
        .order_by(_media.appliance, _media.place)
        .limit(_CANDIDATES_MAX)
    )


_COPIES = schema.copies.join(schema.volumes, _volumes.volume_id == _copies.volume_id)


def _counts() -> sa.ColumnElement[bool]:
    """Copies for which the medium is needed where it is; those that were given up are not."""
    return _copies.state.in_([CopyState.DISPATCHED, CopyState.BURNING, CopyState.VERIFIED])


def _may_go(policy_id: str, roles: list[str], before: datetime) -> sa.ColumnElement[bool]:
    of_this = _of_volume.volume_id == _volumes.volume_id
    packages_of = schema.volume_packages.join(
        schema.packages, _packages.package_id == _of_volume.package_id
    )
    used = (
        sa.exists()
        .select_from(packages_of)
        .where(of_this, sa.or_(_packages.policy_id != policy_id, _packages.used_at >= before))
    )
    wanted = (
        sa.exists()
        .select_from(
            packages_of.join(schema.files, schema.files.c.package_id == _packages.package_id)
            .join(schema.request_files, schema.request_files.c.file_id == schema.files.c.file_id)
            .join(
                schema.requests, schema.requests.c.request_id == schema.request_files.c.request_id
            )
        )
        .where(
            of_this,
            schema.request_files.c.state == RequestFileState.WAITING,
            schema.requests.c.state.in_([RequestState.WAITING, RequestState.RUNNING]),
        )
    )
    return sa.and_(
        _copies.state == CopyState.VERIFIED,
        _copies.role.in_(roles),
        _copies.verified_at < before,
        _volumes.state == VolumeState.ARCHIVED,
        ~used.correlate(schema.volumes),
        ~wanted.correlate(schema.volumes),
    )


def _needs(connection: sa.Connection, idle: list[Idle]) -> Iterable[Need]:
    in_magazine: defaultdict[tuple[str, str], list[Idle]] = defaultdict(list)
    single: defaultdict[str, list[Idle]] = defaultdict(list)
    for one in idle:
        if one.magazine_id:
            in_magazine[one.appliance, one.magazine_id].append(one)
        else:
            single[one.appliance].append(one)
    for (appliance, magazine_id), media in sorted(in_magazine.items()):
        if _is_all_of(connection, magazine_id, media):
            place = _place_of(connection, magazine_id)
            yield Need(TaskKind.TAKE_MAGAZINE, magazine_id, _body(appliance, media, place), "low")
    for appliance, media in sorted(single.items()):
        yield Need(
            TaskKind.TAKE_MEDIA, appliance, _body(appliance, media[:MEDIA_TOGETHER], ""), "low"
        )


def _is_all_of(connection: sa.Connection, magazine_id: str, media: list[Idle]) -> bool:
    """Whether these are all media in the magazine that bear anything; blanks are left in it."""
    query = sa.select(sa.func.count()).where(
        _media.magazine_id == magazine_id,
        _media.volume_id.is_not(None) | _media.state.not_in(["blank", "presumed_blank"]),
    )
    return connection.scalar(query) == len(media)


def _place_of(connection: sa.Connection, magazine_id: str) -> str:
    query = sa.select(_magazines.place).where(_magazines.magazine_id == magazine_id)
    return connection.scalar(query) or ""


def _body(appliance: str, media: list[Idle], place: str) -> TaskBody:
    return TaskBody(
        labels=sorted(one.label for one in media if one.label)[:LABELS_KEPT],
        media=[one.medium_id for one in media],
        last_appliance=appliance,
        last_place=place,
        to_appliance=appliance,
    )


def _any_open(connection: sa.Connection) -> bool:
    query = sa.select(_tasks.task_id).where(
        _tasks.state == TaskState.OPEN, _tasks.kind.in_([str(kind) for kind in _KINDS])
    )
    return connection.scalar(query.limit(1)) is not None


def _gone(connection: sa.Connection) -> set[tuple[str, str]]:
    """Open tasks whose media are all outside now."""
    query = sa.select(_tasks.kind, _tasks.subject, _tasks.body).where(
        _tasks.state == TaskState.OPEN, _tasks.kind.in_([str(kind) for kind in _KINDS])
    )
    found = set()
    for kind, subject, body in connection.execute(query).all():
        still_there = sa.select(sa.func.count()).where(
            _media.medium_id.in_(body.get("media", [])), ~is_away()
        )
        if connection.scalar(still_there) == 0:
            found.add((kind, subject))
    return found
