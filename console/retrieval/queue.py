"""What waits: the files of open requests in groups, the copies that may deliver them, and what the
fleet has been given already.

Files of one request on one volume with the same history are one group: a request for a whole series
is a few rows here, not a million.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from console.retrieval.fetches import copies_left, turns_had
from console.retrieval.ordering import Option, Part, Wish
from console.retrieval.states import FetchState, Priority
from console.retrieval.stations import Fittings
from console.store import schema
from console.store.states import CopyState, RequestFileState, RequestState, VolumeState

OPEN = (RequestState.WAITING, RequestState.RUNNING)
UNDER_WAY = (FetchState.WAITING, FetchState.RUNNING)
_AT_ONCE = 5_000
_OUTSIDE, _MAGAZINE = "outside", "magazine:"

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c
_copies, _media, _fetches = schema.copies.c, schema.media.c, schema.fetches.c
_of_volume, _volumes = schema.volume_packages.c, schema.volumes.c


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one request on one volume that no fetch looks after, and what they have tried."""

    request_id: str
    volume_id: str | None
    tried: str
    error_code: int | None
    medium_kind: str | None
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class CopyAt:
    """A verified copy and where its medium was last: an appliance, and a place in it or outside."""

    copy_id: str
    volume_id: str
    role: str
    medium_id: str
    medium_kind: str
    appliance: str
    place: str | None
    magazine_id: str | None

    @property
    def is_outside(self) -> bool:
        """Whether a person has to bring it."""
        return self.place is not None and (
            self.place == _OUTSIDE or self.place.startswith(_MAGAZINE)
        )


@dataclass(slots=True)
class Queue:
    """All that is asked for and not there yet. Times in it are seconds since 1970."""

    requests: dict[str, Any] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    copies: dict[str, list[CopyAt]] = field(default_factory=dict)
    fetches: list[Any] = field(default_factory=list)
    waiters: dict[str, set[str]] = field(default_factory=dict)
    """The requests that count on a fetch."""

    def wishes(self) -> list[Wish]:
        return [_wish(row) for row in self.requests.values()]

    def appliances(self) -> set[str]:
        """Those that hold a copy of anything that waits, or read for it now."""
        holders = {copy.appliance for copies in self.copies.values() for copy in copies}
        return holders | {fetch.appliance for fetch in self.fetches}


def read_queue(connection: sa.Connection) -> Queue:
    """The queue as it stands."""
    queue = Queue()
    for row in connection.execute(sa.select(schema.requests).where(_requests.state.in_(OPEN))):
        queue.requests[row.request_id] = row
    if not queue.requests:
        return queue
    queue.groups = [
        # PostgreSQL gives a sum of bytes as a decimal number.
        Group(row[0], row[1], row[2], row[3], row[4], int(row[5]), int(row[6]))
        for row in connection.execute(_groups_query())
    ]
    volumes = {group.volume_id for group in queue.groups if group.volume_id is not None}
    queue.copies = _copies_of(connection, volumes)
    open_fetches = sa.select(schema.fetches).where(_fetches.state.in_(UNDER_WAY))
    queue.fetches = list(connection.execute(open_fetches).all())
    waiting = (
        sa.select(_wanted.fetch_id, _wanted.request_id)
        .join_from(schema.request_files, schema.fetches)
        .where(_fetches.state.in_(UNDER_WAY), _wanted.state == RequestFileState.WAITING)
        .distinct()
    )
    for fetch_id, request_id in connection.execute(waiting):
        queue.waiters.setdefault(fetch_id, set()).add(request_id)
    return queue


def _groups_query() -> sa.Select[Any]:
    burned = (
        sa.select(_of_volume.package_id, _of_volume.volume_id)
        .join_from(schema.volume_packages, schema.volumes)
        .where(_volumes.state.in_([VolumeState.APPROVED, VolumeState.ARCHIVED]))
        .subquery()
    )
    keys = (
        _wanted.request_id,
        burned.c.volume_id,
        _wanted.tried,
        _wanted.error_code,
        _requests.medium_kind,
    )
    return (
        sa.select(*keys, sa.func.count(), sa.func.sum(_files.size_bytes))
        .select_from(schema.request_files.join(schema.requests))
        .join(schema.files, _files.file_id == _wanted.file_id)
        .outerjoin(burned, burned.c.package_id == _files.package_id)
        .where(
            _requests.state.in_(OPEN),
            _wanted.state == RequestFileState.WAITING,
            _wanted.fetch_id.is_(None),
        )
        .group_by(*keys)
        .order_by(*keys[:3])
    )


def files_of(group: Group) -> sa.ColumnElement[bool]:
    """The rows of `request_files` that a group still stands for."""
    of_volume = sa.select(_of_volume.package_id).where(_of_volume.volume_id == group.volume_id)
    on_it = sa.select(_files.file_id).where(_files.package_id.in_(of_volume))
    waiting = sa.and_(
        _wanted.request_id == group.request_id,
        _wanted.tried == group.tried,
        _wanted.state == RequestFileState.WAITING,
        _wanted.fetch_id.is_(None),
    )
    if group.volume_id is not None:
        return waiting & _wanted.file_id.in_(on_it)
    burned = sa.select(_of_volume.package_id).join_from(schema.volume_packages, schema.volumes)
    burned = burned.where(_volumes.state.in_([VolumeState.APPROVED, VolumeState.ARCHIVED]))
    on_none = sa.select(_files.file_id).where(_files.package_id.not_in(burned))
    return waiting & _wanted.file_id.in_(on_none)


def _copies_of(connection: sa.Connection, volumes: Collection[str]) -> dict[str, list[CopyAt]]:
    query = (
        sa.select(schema.copies, _media.place, _media.magazine_id, _media.appliance.label("at"))
        .outerjoin_from(schema.copies, schema.media, _media.medium_id == _copies.medium_id)
        .where(_copies.state == CopyState.VERIFIED)
        # Volumes on one tape lie in the order in which they were written.
        .order_by(_copies.verified_at, _copies.copy_id)
    )
    names = sorted(volumes)
    queries = [
        query.where(_copies.volume_id.in_(names[start : start + _AT_ONCE]))
        for start in range(0, len(names), _AT_ONCE)
    ]
    found: defaultdict[str, list[CopyAt]] = defaultdict(list)
    for row in (row for query in queries for row in connection.execute(query)):
        found[row.volume_id].append(
            CopyAt(
                row.copy_id,
                row.volume_id,
                row.role,
                row.medium_id,
                row.medium_kind,
                row.at or row.appliance,
                row.place,
                row.magazine_id,
            )
        )
    return dict(found)


def part_of(group: Group, queue: Queue, fleet: dict[str, Fittings]) -> tuple[Part, bool]:
    """A group with the copies that may deliver it now or after a person's help.

    Also says whether any copy is left at all, be it out of reach.
    """
    copies = queue.copies.get(group.volume_id or "", [])
    left = copies_left(
        group.tried, [c for c in copies if group.medium_kind in (None, c.medium_kind)]
    )
    options = [
        option
        for copy in left
        if (option := _option(copy, fleet.get(copy.appliance), group.tried)) is not None
    ]
    part = Part(
        group.request_id, group.volume_id or "", group.files, group.size_bytes, tuple(options)
    )
    return part, bool(left)


def _option(copy: CopyAt, fittings: Fittings | None, tried: str) -> Option | None:
    """The copy as it can be had; None while its appliance is away or does not work."""
    seat = fittings.seats.get(copy.medium_id) if fittings is not None else None
    turns = turns_had(tried, copy.copy_id)
    if seat is not None:
        return Option(
            copy.copy_id,
            copy.medium_id,
            seat.station,
            copy.role,
            in_drive=seat.in_drive,
            turns_had=turns,
        )
    if copy.is_outside:
        return Option(copy.copy_id, copy.medium_id, "", copy.role, is_online=False, turns_had=turns)
    return None


def seconds(at: datetime) -> float:
    return at.timestamp()


def moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _wish(row: Any) -> Wish:
    due_s = seconds(row.due_at) if row.due_at is not None else None
    try:
        priority = Priority(row.priority)
    except ValueError:
        priority = Priority.NORMAL
    return Wish(row.request_id, seconds(row.created_at), priority, due_s)


def urgent_requests(wishes: Iterable[Wish]) -> set[str]:
    return {wish.request_id for wish in wishes if wish.priority is Priority.URGENT}
