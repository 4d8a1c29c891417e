"""The fleet as the store knows it, as placement asks for it: who can write what, and how soon."""

import hashlib
import threading
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import EnvironmentTelemetry
from appliance.contract.states import JobStage, MediumKind, ReadingState
from console.dispatch.library import ASSUMED_CAPACITY_BYTES, Library, Means, read_library
from console.dispatch.paces import NOMINAL, Paces, pace_for, read_paces
from console.placement.fleet import Delay, Pace, Room, Writer
from console.placement.room import promise
from console.retrieval.states import FetchState
from console.store import schema
from console.store.states import CopyState, VolumeState

PAUSED_S = 3600.0
"""What air or an open door that holds work up may cost: nobody knows how long it lasts."""
ALARM_S = 900.0
"""What a standing alarm may cost: a person is wanted there."""

UNDER_WAY = (CopyState.DISPATCHED, CopyState.BURNING)
_appliances, _copies, _volumes = schema.appliances.c, schema.copies.c, schema.volumes.c
_alarms, _jobs, _fetches = schema.alarms.c, schema.jobs.c, schema.fetches.c

_parsed: dict[bytes, Library | None] = {}
_parsed_lock = threading.Lock()
_PARSED_MAX = 20_000
"""Libraries by the digest of their pictures: only to save the parsing."""


@dataclass(frozen=True, slots=True)
class Member:
    """One appliance, and what the console knows of it now."""

    appliance: str
    site: str
    online: bool
    library: Library | None
    readings: tuple[tuple[str, float], ...] = ()
    """Air as it was last measured well: (quantity, value)."""
    paused_by: tuple[str, ...] = ()
    work_paused_by: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()

    @property
    def unfit(self) -> str:
        """Why it can write nothing now; empty when it can."""
        if not self.online:
            return "it is offline"
        if self.library is None:
            return "it has not reported its library"
        robots, stuck = self.library.robots, self.library.robots_stuck
        if robots and stuck == robots:
            return "its robot cannot move" if robots == 1 else "none of its robots can move"
        if all(means.drives == 0 for means in self.library.means.values()):
            return "none of its drives works"
        return ""

    def means(self, kind: MediumKind) -> Means:
        return self.library.means[kind] if self.library is not None else Means(0, ())

    def delays(self, kind: MediumKind) -> tuple[Delay, ...]:
        """What holds it up, or may."""
        found = [Delay(f"burning is held up by {each}", PAUSED_S) for each in self.paused_by]
        found += [Delay(f"work is held up by {each}", PAUSED_S) for each in self.work_paused_by]
        found += [Delay(f"alarm: {each}", ALARM_S) for each in self.alarms]
        out, stuck = self.means(kind).drives_out, self.library.robots_stuck if self.library else 0
        if out:
            found.append(Delay(f"drives out of service: {out}", 0.0))
        if stuck:
            found.append(Delay(f"robots that cannot move: {stuck}", ALARM_S))
        return tuple(found)


@dataclass(slots=True)
class Fleet:
    """Every appliance that was asked for, and what each was given already."""

    members: dict[str, Member]
    paces: Paces
    work: dict[str, list[Any]] = field(default_factory=dict)
    """Copies that were given out or are meant for an appliance, and not finished: rows."""
    reading_s: dict[str, float] = field(default_factory=dict)
    """How long drives of an appliance will read for requests."""

    def promised(self, appliance: str, kind: MediumKind) -> list[Any]:
        """The copies of approved plans that an appliance has or is to have, and not finished."""
        return [row for row in self.work.get(appliance, ()) if row.medium_kind == kind]

    def under_way(self, appliance: str, kind: MediumKind) -> list[Any]:
        """Those of them that were given out."""
        return [row for row in self.promised(appliance, kind) if row.state in UNDER_WAY]

    def pace(self, appliance: str, kind: MediumKind) -> Pace:
        return pace_for(self.paces, appliance, kind)

    def rooms(
        self, appliance: str, kind: MediumKind, assumed_bytes: int, *, only_given: bool = False
    ) -> tuple[Room, ...]:
        """The media that are not promised; with `only_given` only to copies that were given out.

        `assumed_bytes` is the capacity of a blank disc that no drive has looked at.
        """
        means = self.members[appliance].means(kind)
        capacities = means.capacity_bytes or (0,) * len(means.room_bytes)
        rooms = [
            Room(free if known or kind is not MediumKind.DISC else assumed_bytes, known or free)
            for free, known in zip(means.room_bytes, capacities, strict=True)
        ]
        given = [
            row.image_size_bytes
            for row in self.promised(appliance, kind)
            if row.state == CopyState.DISPATCHED
            or (row.state == CopyState.PLANNED and not only_given)
        ]
        return promise(kind, rooms, given)

    def writer(self, appliance: str, kind: MediumKind, assumed_bytes: int) -> Writer:
        """What placement wants to know of one appliance and kind."""
        member, pace = self.members[appliance], self.pace(appliance, kind)
        under_way_s = [_left_s(row, pace) for row in self.promised(appliance, kind)]
        if reading_s := self.reading_s.get(appliance, 0.0):
            under_way_s.append(reading_s)
        return Writer(
            appliance,
            member.site,
            kind,
            member.means(kind).drives,
            self.rooms(appliance, kind, assumed_bytes),
            pace,
            tuple(under_way_s),
            member.delays(kind),
            member.unfit,
        )

    def writers(
        self, kinds: Collection[MediumKind], assumed_bytes: int = ASSUMED_CAPACITY_BYTES
    ) -> list[Writer]:
        """Every appliance that has anything for these kinds of medium."""
        return [
            self.writer(member.appliance, kind, assumed_bytes)
            for member in self.members.values()
            for kind in sorted(kinds)
            if member.library is None or _has(member.means(kind))
        ]


def _has(means: Means) -> bool:
    return bool(means.drives or means.drives_out or means.room_bytes)


def _left_s(row: Any, pace: Pace) -> float:
    """How long a copy that was given out will still take a drive."""
    size_bytes: int = row.image_size_bytes
    verify_s = size_bytes / pace.verify_bytes_per_s
    if row.stage == JobStage.BURN and row.seconds_left is not None:
        return float(row.seconds_left) + verify_s
    if row.stage == JobStage.VERIFY:
        return float(row.seconds_left) if row.seconds_left is not None else verify_s
    return pace.seconds(size_bytes)


def read_fleet(connection: sa.Connection, names: Collection[str] | None = None) -> Fleet:
    """The fleet, or the appliances of these names. Call it within one transaction."""
    work: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(_work(names)):
        work[row.appliance].append(row)
    alarms: defaultdict[str, list[str]] = defaultdict(list)
    standing = sa.select(_alarms.appliance, _alarms.message).where(_alarms.cleared_at.is_(None))
    for row in connection.execute(_only(standing, _alarms.appliance, names)):
        alarms[row.appliance].append(row.message)
    paces = read_paces(connection)
    reading = {
        row.appliance: row.size_bytes / NOMINAL[MediumKind.DISC].verify_bytes_per_s
        for row in connection.execute(_reading(names))
    }
    return Fleet(_members(connection, names, alarms), paces, dict(work), reading)


def _only(query: sa.Select[Any], column: Any, names: Collection[str] | None) -> sa.Select[Any]:
    return query if names is None else query.where(column.in_(list(names)))


def _work(names: Collection[str] | None) -> sa.Select[Any]:
    """Copies under way where they are, and copies of approved plans where they are meant to be."""
    where = sa.case((_copies.state == CopyState.PLANNED, _copies.intended), else_=_copies.appliance)
    meant = (_copies.state == CopyState.PLANNED) & (_volumes.state == VolumeState.APPROVED)
    query = (
        sa.select(
            where.label("appliance"),
            _copies.copy_id,
            _copies.state,
            _copies.medium_kind,
            _copies.job_id,
            _volumes.image_size_bytes,
            _jobs.stage,
            _jobs.seconds_left,
        )
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .outerjoin(schema.jobs, _jobs.job_id == _copies.job_id)
        .where(_copies.state.in_(UNDER_WAY) | meant, where.is_not(None))
        .order_by(_copies.copy_id)
    )
    return _only(query, where, names)


def _reading(names: Collection[str] | None) -> sa.Select[Any]:
    """The bytes that each appliance is still to deliver."""
    query = (
        sa.select(_fetches.appliance, sa.func.sum(_fetches.size_bytes).label("size_bytes"))
        .where(_fetches.state.in_([FetchState.WAITING, FetchState.RUNNING]))
        .group_by(_fetches.appliance)
    )
    return _only(query, _fetches.appliance, names)


def _members(
    connection: sa.Connection, names: Collection[str] | None, alarms: dict[str, list[str]]
) -> dict[str, Member]:
    query = sa.select(
        _appliances.appliance,
        _appliances.site,
        _appliances.online,
        _appliances.environment,
        sa.cast(_appliances.library, sa.Text).label("library"),
    ).order_by(_appliances.appliance)
    rows = connection.execute(_only(query, _appliances.appliance, names))
    found: dict[str, Member] = {}
    for row in rows:
        air = _environment(row.environment)
        found[row.appliance] = Member(
            row.appliance,
            row.site,
            row.online,
            _library(row.library),
            _readings(air),
            tuple(air.burning_paused_by) if air else (),
            tuple(air.work_paused_by) if air else (),
            tuple(alarms.get(row.appliance, ())),
        )
    return found


def _library(picture: str | None) -> Library | None:
    """The library of a picture; a picture that cannot be read is none."""
    if picture is None:
        return None
    digest = hashlib.blake2b(picture.encode(), digest_size=16).digest()
    with _parsed_lock:
        if digest in _parsed:
            return _parsed[digest]
    try:
        found = read_library(msgspec.json.decode(picture))
    except (msgspec.ValidationError, msgspec.DecodeError):
        found = None
    with _parsed_lock:
        if len(_parsed) >= _PARSED_MAX:
            _parsed.clear()
        _parsed[digest] = found
    return found


def _environment(snapshot: Any) -> EnvironmentTelemetry | None:
    try:
        return msgspec.convert(snapshot, EnvironmentTelemetry) if snapshot else None
    except msgspec.ValidationError:
        return None


def _readings(air: EnvironmentTelemetry | None) -> tuple[tuple[str, float], ...]:
    if air is None:
        return ()
    return tuple(
        (reading.quantity, reading.value)
        for reading in air.readings
        if reading.value is not None and reading.state is not ReadingState.UNAVAILABLE
    )
