"""Serving requests: where each file that someone wants back comes from, and whose turn it is.

What the landing zone or `delivered/` still holds is ready at once, unless media are to be read. The
rest is fetched: what waits on one medium is read with one load, in the order of
`console.retrieval.ordering`, and each station is given no more than it has drives. People
are asked for what is offline (`console.tasks`).

Several processes may serve at once. What is read is read without a lock; each change names in its
condition what it was decided on, so that the second of two does nothing.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import Fetch
from console.config import ContentSettings
from console.dispatch.commands import issue, unsigned
from console.retrieval.estimates import changes, keep_estimates, stations_of, think
from console.retrieval.fetches import call_back
from console.retrieval.ordering import Given, Load, Part, Station, arrange, claims, take_turn
from console.retrieval.ordering import Turn as Turns
from console.retrieval.pace import DISCS
from console.retrieval.queue import (
    OPEN,
    CopyAt,
    Group,
    Queue,
    files_of,
    part_of,
    read_queue,
    seconds,
    urgent_requests,
)
from console.retrieval.settling import settle_requests, take_at_hand
from console.retrieval.states import FetchState
from console.retrieval.stations import Fittings, read_fleet
from console.store import schema
from console.store.engine import reading
from console.store.ids import new_id
from console.store.states import RequestFileState
from console.tasks.wanted import ask_people

log = logging.getLogger(__name__)

UNREACHABLE, FOR_A_PERSON, NO_COPY = 5301, 5321, 5300

_requests, _wanted, _files = schema.requests.c, schema.request_files.c, schema.files.c


@dataclass(slots=True)
class Round:
    """What one look at the queue decided."""

    queue: Queue
    fleet: dict[str, Fittings]
    stations: dict[str, Station]
    groups: dict[Part, Group] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    turns: Turns = field(default_factory=lambda: Turns([], []))
    marks: list[tuple[Group, int]] = field(default_factory=list)
    expected: dict[str, Any] = field(default_factory=dict)


KEEP_FOR = timedelta(hours=ContentSettings().delivered_keep_hours)
SHARE = 0.25
"""With very much to look at, serving takes no more than this share of a worker's time."""
AT_ONCE_S = 0.25
"""A round that takes no longer is followed by the next without a pause."""


class Serving:
    """Rounds of serving that leave a worker time for other things, however much is asked for."""

    def __init__(
        self, keep_for: timedelta = KEEP_FOR, clock: Callable[[], float] = monotonic
    ) -> None:
        """What a request brought stays for `keep_for` unless it says otherwise."""
        self._keep_for = keep_for
        self._clock = clock
        self._next_s = clock()

    def run(self, engine: sa.Engine, content_url: str, now: datetime) -> bool:
        """One round, unless the last one was long and not long ago."""
        began_s = self._clock()
        if began_s < self._next_s:
            return False
        serve_requests(engine, content_url, now, self._keep_for)
        took_s = self._clock() - began_s
        if took_s > AT_ONCE_S:
            self._next_s = began_s + took_s / SHARE
        return True


def serve_requests(
    engine: sa.Engine, content_url: str, now: datetime, keep_for: timedelta = KEEP_FOR
) -> None:
    """Move every open request on: what is at hand, new fetches, and what is complete."""
    with reading(engine).connect() as connection:
        if connection.scalar(_open_requests().limit(1)) is None:
            ask_people(engine, Queue(), [], now)
            return
    take_at_hand(engine)
    with reading(engine).connect() as connection:
        found = look(connection, now)
    if found.turns.give or found.turns.recall or found.marks or found.expected:
        with engine.begin() as connection:
            _carry_out(connection, found, content_url, now)
    ask_people(engine, found.queue, found.loads, now)
    settle_requests(engine, now, keep_for)


def _open_requests() -> sa.Select[Any]:
    return sa.select(_requests.request_id).where(_requests.state.in_(OPEN))


def look(connection: sa.Connection, now: datetime) -> Round:
    """Decide what is to be done, and change nothing."""
    queue = read_queue(connection)
    fleet = read_fleet(connection, queue.appliances())
    stations = stations_of(connection, fleet, queue.fetches, now)
    found = Round(queue, fleet, stations)
    stuck = _parts(found)
    wishes = queue.wishes()
    paces = {name: at.pace for name, at in stations.items()}
    claim_s = claims(wishes, found.groups, paces, DISCS)
    found.loads = arrange(found.groups, claim_s, stations)
    given = _given(queue, claim_s, stations, connection)
    found.turns = take_turn(found.loads, given, stations, urgent_requests(wishes))
    _mark_those_for_people(found)
    found.expected = changes(queue, think(queue, found.loads, stations, stuck, now), now)
    return found


def _parts(found: Round) -> set[str]:
    """Fill in the parts that some copy may deliver; gives the requests that have others too."""
    stuck: set[str] = set()
    for group in found.queue.groups:
        part, has_copies = part_of(group, found.queue, found.fleet)
        if part.options:
            found.groups[part] = group
            continue
        stuck.add(group.request_id)
        code = UNREACHABLE if has_copies else NO_COPY
        if group.error_code != code or not has_copies:
            found.marks.append((group, code))
    return stuck


def _mark_those_for_people(found: Round) -> None:
    for load in found.loads:
        if not load.option.is_online:
            for part in load.parts:
                group = found.groups[part]
                if group.error_code != FOR_A_PERSON:
                    found.marks.append((group, FOR_A_PERSON))


def _given(
    queue: Queue,
    claim_s: Mapping[str, float],
    stations: Mapping[str, Station],
    connection: sa.Connection,
) -> list[Given]:
    jobs = schema.jobs.c
    ids = [fetch.job_id for fetch in queue.fetches]
    waits = sa.select(jobs.job_id).where(jobs.job_id.in_(ids), jobs.waiting_for == "drive")
    waiting = set(connection.scalars(waits)) if ids else set()
    found = []
    for fetch in queue.fetches:
        mine = [claim_s[r] for r in queue.waiters.get(fetch.fetch_id, ()) if r in claim_s]
        # Fetches of an older console name no station: they count where their medium is.
        station = fetch.station or next(
            (name for name in stations if name.startswith(f"{fetch.appliance} ")), ""
        )
        has_begun = fetch.begun_at is not None and fetch.job_id not in waiting
        found.append(
            Given(
                fetch.fetch_id,
                station,
                fetch.medium_id,
                fetch.volume_id,
                min(mine, default=seconds(fetch.created_at)),
                has_begun or fetch.reading_at is not None,
                stations[station].pace.fetch_s(int(fetch.files), int(fetch.size_bytes))
                if station in stations
                else 0.0,
            )
        )
    return found


def _carry_out(connection: sa.Connection, found: Round, content_url: str, now: datetime) -> None:
    for given in found.turns.recall:
        call_back(connection, given.fetch_id, now)
    for load in found.turns.give:
        for volume_id in dict.fromkeys(part.volume_id for part in load.parts):
            groups = [found.groups[p] for p in load.parts if p.volume_id == volume_id]
            copies = found.queue.copies[volume_id]
            copy = next(c for c in copies if c.medium_id == load.option.medium_id)
            order = _Order(copy, load.option.station, groups)
            _fetch(connection, order, content_url, now)
    for group, code in found.marks:
        state = RequestFileState.FAILED if code == NO_COPY else RequestFileState.WAITING
        values = {"state": state, "error_code": code}
        connection.execute(sa.update(schema.request_files).where(files_of(group)).values(**values))
    keep_estimates(connection, found.expected, now)


@dataclass(frozen=True, slots=True)
class _Order:
    copy: CopyAt
    station: str
    groups: list[Group]


class _NothingLeftError(Exception):
    """Another process was faster."""


def _fetch(connection: sa.Connection, order: _Order, content_url: str, now: datetime) -> None:
    """Give out one fetch for these files, unless another process has done so meanwhile."""
    copy, fetch_id = order.copy, new_id("ft")
    body = Fetch(
        fetch_id=fetch_id,
        volume_id=copy.volume_id,
        copy_id=copy.copy_id,
        medium_id=copy.medium_id,
        content=unsigned(f"{content_url}/fetches/{fetch_id}"),
    )
    try:
        with connection.begin_nested():
            connection.execute(
                sa.insert(schema.fetches).values(
                    fetch_id=fetch_id,
                    volume_id=copy.volume_id,
                    copy_id=copy.copy_id,
                    appliance=copy.appliance,
                    medium_id=copy.medium_id,
                    station=order.station,
                    state=FetchState.WAITING,
                    size_bytes=0,
                    created_at=now,
                )
            )
            files = _claim(connection, fetch_id, order.groups)
            job_id = issue(connection, copy.appliance, body, now)
            size_bytes, contents = _extent(connection, fetch_id)
            connection.execute(
                sa.update(schema.fetches)
                .where(schema.fetches.c.fetch_id == fetch_id)
                .values(job_id=job_id, size_bytes=size_bytes, files=contents)
            )
    except (_NothingLeftError, sa.exc.IntegrityError):
        log.info("volume %s is being fetched already", copy.volume_id)
        return
    log.info("fetch %s reads %d files from %s", fetch_id, files, copy.medium_id)


def _claim(connection: sa.Connection, fetch_id: str, groups: list[Group]) -> int:
    files = 0
    for group in groups:
        claimed = connection.execute(
            sa.update(schema.request_files)
            .where(files_of(group))
            .values(fetch_id=fetch_id, error_code=None)
        )
        files += claimed.rowcount
    if not files:
        raise _NothingLeftError
    return files


def _extent(connection: sa.Connection, fetch_id: str) -> tuple[int, int]:
    """How many bytes the fetch is to bring, and how many contents."""
    contents = (
        sa.select(_files.sha256, sa.func.max(_files.size_bytes).label("size_bytes"))
        .join_from(schema.request_files, schema.files, _files.file_id == _wanted.file_id)
        .where(_wanted.fetch_id == fetch_id)
        .group_by(_files.sha256)
        .subquery()
    )
    row = connection.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(contents.c.size_bytes), 0), sa.func.count()
        ).select_from(contents)
    ).one()
    return int(row[0]), int(row[1])
