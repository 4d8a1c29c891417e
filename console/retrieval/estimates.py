"""When a request will be there: from what its stations took lately, the queue ahead and the work
under way.

How long people take nobody knows: a request that waits for one has no expected time.
What is shown moves towards what is thought by a share that depends on the time gone by, so that a
single slow disc makes it drift instead of jump.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from appliance.contract.states import JobState, MediumKind
from console.retrieval.ordering import Load, Station, foresee
from console.retrieval.pace import DISCS, DISKS, LEARNED_FROM, TAPES, Pace, Sample, learn
from console.retrieval.queue import Queue
from console.retrieval.states import FetchState
from console.retrieval.stations import Fittings
from console.store import schema

SETTLING_S = 60.0
"""After so long, two thirds of a change are shown."""
ALMOST = 0.05
"""What takes longer than expected is taken to need this share of the expectation still."""
UNTOLD_S = 600.0
"""Of a job of another kind that does not say how long it still takes."""
SHOWN_AGAIN = timedelta(seconds=2)
"""A smaller change is not worth writing down."""

_EXPECTED = {MediumKind.DISC: DISCS, MediumKind.DISK: DISKS, MediumKind.TAPE: TAPES}
_fetches, _jobs, _requests = schema.fetches.c, schema.jobs.c, schema.requests.c


def pace_of(connection: sa.Connection, station: str) -> Pace:
    """What a station took for its last fetches, or what its kind is expected to take."""
    kind = station.rpartition(" ")[2]
    expected = _EXPECTED.get(MediumKind(kind)) if kind in list(MediumKind) else None
    query = (
        sa.select(schema.fetches)
        .where(
            _fetches.station == station,
            _fetches.state == FetchState.DONE,
            _fetches.reading_at.is_not(None),
        )
        .order_by(_fetches.done_at.desc())
        .limit(LEARNED_FROM)
    )
    return learn([_sample(row) for row in connection.execute(query)], expected or DISCS)


def _sample(row: Any) -> Sample:
    return Sample(
        load_s=(row.reading_at - row.begun_at).total_seconds(),
        read_s=max(0.0, (row.done_at - row.reading_at).total_seconds()),
        files=row.files,
        size_bytes=row.size_bytes,
        return_s=(row.ended_at - row.done_at).total_seconds() if row.ended_at else None,
    )


def stations_of(
    connection: sa.Connection, fleet: Mapping[str, Fittings], fetches: Iterable[Any], now: datetime
) -> dict[str, Station]:
    """Every station of these appliances, with its pace and the work that it has been given."""
    found = {
        name: Station(name, drives, pace_of(connection, name), by_hand=name in fittings.by_hand)
        for fittings in fleet.values()
        for name, drives in fittings.drives.items()
    }
    busy: dict[str, list[float]] = {name: [] for name in found}
    for fetch in fetches:
        if fetch.station in found:
            pace = found[fetch.station].pace
            busy[fetch.station].append(left_s(fetch, pace, now) + pace.return_s)
    for name, job_s in _other_jobs(connection, fleet):
        busy[name].append(job_s)
    return {
        name: Station(name, at.drives, at.pace, tuple(busy[name]), at.by_hand)
        for name, at in found.items()
    }


def _other_jobs(
    connection: sa.Connection, fleet: Mapping[str, Fittings]
) -> Iterable[tuple[str, float]]:
    """Burns, inventories and the like that have a drive now: their station, seconds left."""
    final = [state for state in JobState if state.is_final]
    query = sa.select(_jobs.appliance, _jobs.drive, _jobs.seconds_left).where(
        _jobs.appliance.in_(list(fleet)),
        _jobs.state.not_in(final),
        _jobs.verb != "fetch",
        _jobs.drive.is_not(None),
    )
    for row in connection.execute(query):
        name = fleet[row.appliance].station_of.get(row.drive)
        if name in fleet[row.appliance].drives:
            yield name, UNTOLD_S if row.seconds_left is None else max(0.0, row.seconds_left)


def left_s(fetch: Any, pace: Pace, now: datetime) -> float:
    """How long a fetch still takes until its last byte is there."""
    size_bytes = int(fetch.size_bytes)
    read_s = pace.read_s(int(fetch.files), size_bytes)
    if fetch.begun_at is None:
        return pace.load_s + read_s
    if fetch.reading_at is None:
        gone_s = float((now - fetch.begun_at).total_seconds())
        return max(pace.load_s - gone_s, ALMOST * pace.load_s) + read_s
    gone_s = max(0.0, float((now - fetch.reading_at).total_seconds()))
    by_time_s = max(read_s - gone_s, ALMOST * read_s)
    share = int(fetch.offset_bytes) / size_bytes if size_bytes else 0.0
    if not 0 < share < 1 or not gone_s:
        return by_time_s
    # The farther it is, the more its own speed counts.
    by_bytes_s = gone_s * (1 - share) / share
    return share * by_bytes_s + (1 - share) * by_time_s


def think(
    queue: Queue,
    loads: Collection[Load],
    stations: Mapping[str, Station],
    without: Collection[str],
    now: datetime,
) -> dict[str, float | None]:
    """Seconds until each request is all there; None for one that nobody can tell of.

    `without` are the requests with files that no copy within reach can deliver.
    """
    ends = foresee(loads, stations)
    found: dict[str, float | None] = dict.fromkeys(queue.requests, 0.0)
    for load in loads:
        for part in load.parts:
            _put_off(found, part.request_id, ends.get(load.option.medium_id), load, stations)
    for fetch in queue.fetches:
        at = stations.get(fetch.station)
        end_s = left_s(fetch, at.pace, now) if at is not None and not at.by_hand else None
        for request_id in queue.waiters.get(fetch.fetch_id, ()):
            _later(found, request_id, end_s)
    for request_id in without:
        found[request_id] = None
    return found


def _put_off(
    found: dict[str, float | None],
    request_id: str,
    end_s: float | None,
    load: Load,
    stations: Mapping[str, Station],
) -> None:
    at = stations.get(load.option.station)
    knows = load.option.is_online and at is not None and not at.by_hand
    _later(found, request_id, end_s if knows else None)


def _later(found: dict[str, float | None], request_id: str, end_s: float | None) -> None:
    before = found.get(request_id)
    if before is not None:
        found[request_id] = None if end_s is None else max(before, end_s)


def shown(row: Any, thought_s: float | None, now: datetime) -> datetime | None:
    """The expected time to be shown of a request, whose row has the one shown until now."""
    if thought_s is None:
        return None
    thought_s = max(0.0, thought_s)
    if row.expected_at is None or row.estimated_at is None:
        return now + timedelta(seconds=thought_s)
    shown_s = max(0.0, (row.expected_at - now).total_seconds())
    gone_s = max(0.0, (now - row.estimated_at).total_seconds())
    share = 1 - math.exp(-gone_s / SETTLING_S)
    eased_s = shown_s + share * (thought_s - shown_s)
    # It is never shown as less than half of what is thought, nor as more than twice that.
    return now + timedelta(seconds=min(max(eased_s, thought_s / 2), 2 * thought_s))


def changes(queue: Queue, thought: Mapping[str, float | None], now: datetime) -> dict[str, Any]:
    """The expected times that are worth writing down, by request."""
    found: dict[str, Any] = {}
    for request_id, row in queue.requests.items():
        at = shown(row, thought.get(request_id), now)
        before = row.expected_at
        if at is None or before is None:
            is_news = at is not before
        else:
            is_news = abs(at - before) >= SHOWN_AGAIN
        if is_news:
            found[request_id] = at
    return found


def keep_estimates(
    connection: sa.Connection, expected: Mapping[str, datetime | None], now: datetime
) -> None:
    for request_id, at in expected.items():
        connection.execute(
            sa.update(schema.requests)
            .where(_requests.request_id == request_id)
            .values(expected_at=at, estimated_at=now)
        )
