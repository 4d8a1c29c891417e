"""Telemetry and status: the newest picture of each appliance replaces the one before."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import (
    AccessTelemetry,
    EnvironmentTelemetry,
    JobsTelemetry,
    JobView,
    LibraryTelemetry,
    Status,
)
from appliance.contract.states import JobState
from console.dispatch.commands import may_speak_of
from console.dispatch.cursor import Source, know, know_all
from console.overview.holdings import store_all_holdings, store_holdings
from console.store import schema
from console.store.upsert import insert_into

log = logging.getLogger(__name__)

Surroundings = EnvironmentTelemetry | AccessTelemetry
"""What is around the media: air and doors."""

Picture = LibraryTelemetry | JobsTelemetry | Surroundings

_appliances = schema.appliances.c
_PICTURE = {
    group: sa.update(schema.appliances)
    .where(_appliances.appliance == sa.bindparam("of"))
    .values({group: sa.bindparam("picture"), f"{group}_at": sa.bindparam("told_at")})
    for group in ("library", "jobs", "environment", "access")
}
_SPOKEN = sa.update(schema.appliances).where(_appliances.appliance == sa.bindparam("of"))
_THERE = _SPOKEN.values(
    online=True,
    status_at=sa.bindparam("told_at"),
    profile=sa.bindparam("its_profile"),
    firmware=sa.bindparam("its_firmware"),
)
_GONE = _SPOKEN.values(online=False, status_at=sa.bindparam("told_at"))
_FINAL = [state.value for state in JobState if state.is_final]


@dataclass(slots=True)
class Snapshots:
    """The newest picture of each group and appliance that is not stored yet."""

    library: dict[Source, LibraryTelemetry] = field(default_factory=dict)
    jobs: dict[Source, JobsTelemetry] = field(default_factory=dict)
    surroundings: dict[tuple[Source, type], Surroundings] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.library or self.jobs or self.surroundings)

    def keep_only(self, has: Callable[[Source], bool]) -> None:
        """Drop the pictures of appliances for which `has` says no."""
        self.library = {s: picture for s, picture in self.library.items() if has(s)}
        self.jobs = {s: picture for s, picture in self.jobs.items() if has(s)}
        self.surroundings = {k: picture for k, picture in self.surroundings.items() if has(k[0])}

    def store(self, connection: sa.Connection) -> None:
        """Write the pictures, all of a kind with one statement.

        If anything fails they are written one by one: one that cannot be kept costs no other one.
        """
        try:
            with connection.begin_nested():
                self._store_together(connection)
        except sa.exc.OperationalError:
            raise  # the store itself fails
        except Exception:  # the boundary of a batch
            log.warning("pictures are stored one by one", exc_info=True)
            self._store_one_by_one(connection)

    def _store_together(self, connection: sa.Connection) -> None:
        sources = {*self.library, *self.jobs, *(source for source, _ in self.surroundings)}
        know_all(connection, sources)
        _write_all(connection, "library", self.library.items())
        store_all_holdings(
            connection, {source.appliance: picture for source, picture in self.library.items()}
        )
        _write_all(connection, "jobs", self.jobs.items())
        for source, jobs in self.jobs.items():
            _store_views(connection, source, jobs)
        for group, kind in (("environment", EnvironmentTelemetry), ("access", AccessTelemetry)):
            pictures = [(s, one) for (s, of), one in self.surroundings.items() if of is kind]
            _write_all(connection, group, pictures)

    def _store_one_by_one(self, connection: sa.Connection) -> None:
        for source, library in self.library.items():
            _try(connection, source, partial(_store_library, connection, source, library))
        for source, jobs in self.jobs.items():
            _try(connection, source, partial(_store_jobs, connection, source, jobs))
        for (source, _), picture in self.surroundings.items():
            _try(connection, source, partial(_store_surroundings, connection, source, picture))


def _write_all(
    connection: sa.Connection, group: str, pictures: Iterable[tuple[Source, Picture]]
) -> None:
    rows = [
        {"of": source.appliance, "picture": msgspec.to_builtins(picture), "told_at": picture.at}
        for source, picture in sorted(pictures, key=lambda each: each[0].appliance)
    ]
    if rows:
        connection.execute(_PICTURE[group], rows)


def _try(connection: sa.Connection, source: Source, store: Callable[[], None]) -> None:
    try:
        with connection.begin_nested():
            store()
    except sa.exc.OperationalError:
        raise  # the store itself fails
    except Exception:  # the boundary of a message
        log.exception("[5256] telemetry of %s cannot be kept", source.appliance)


def _store_library(connection: sa.Connection, source: Source, library: LibraryTelemetry) -> None:
    _write(connection, source, library=msgspec.to_builtins(library), library_at=library.at)
    store_holdings(connection, source.appliance, library)


def _store_surroundings(connection: sa.Connection, source: Source, picture: Surroundings) -> None:
    group = "environment" if isinstance(picture, EnvironmentTelemetry) else "access"
    values = {group: msgspec.to_builtins(picture), f"{group}_at": picture.at}
    _write(connection, source, **values)


def _store_jobs(connection: sa.Connection, source: Source, jobs: JobsTelemetry) -> None:
    _write(connection, source, jobs=msgspec.to_builtins(jobs), jobs_at=jobs.at)
    _store_views(connection, source, jobs)


def _store_views(connection: sa.Connection, source: Source, jobs: JobsTelemetry) -> None:
    for view in jobs.jobs:
        if may_speak_of(connection, source.appliance, view.job_id):
            _store_progress(connection, source.appliance, view, jobs.at)


def store_status(connection: sa.Connection, source: Source, status: Status) -> None:
    """Keep who the appliance is and whether it is there. A last will knows neither."""
    know(connection, source)
    store_statuses(connection, {source: [status]})


def store_statuses(connection: sa.Connection, heard: Mapping[Source, list[Status]]) -> None:
    """The same of many appliances that are known: of each what the last one leaves behind."""
    there: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for source, statuses in heard.items():
        online = [status for status in statuses if status.online]
        if online:
            newest = online[-1]
            who = {"its_profile": newest.profile, "its_firmware": newest.firmware}
            there.append({"of": source.appliance, "told_at": newest.at, **who})
        if not statuses[-1].online:
            gone.append({"of": source.appliance, "told_at": statuses[-1].at})
    if there:
        connection.execute(_THERE, there)
    if gone:
        connection.execute(_GONE, gone)


def _write(connection: sa.Connection, source: Source, **values: object) -> None:
    know(connection, source)
    connection.execute(
        sa.update(schema.appliances)
        .where(schema.appliances.c.appliance == source.appliance)
        .values(**values)
    )


def _store_progress(connection: sa.Connection, appliance: str, view: JobView, at: datetime) -> None:
    """Bring a job's row to the picture, unless an event has said something newer."""
    values = {**msgspec.structs.asdict(view), "updated_at": at}
    del values["job_id"], values["error"]
    jobs = schema.jobs
    if view.state.is_final:
        return  # ends are told by events, with their errors
    connection.execute(
        insert_into(connection, jobs).on_conflict_do_update(
            index_elements=["job_id"],
            set_=values,
            where=(jobs.c.appliance == appliance)
            & jobs.c.state.not_in(_FINAL)
            & (jobs.c.updated_at <= at),
        ),
        {"job_id": view.job_id, "appliance": appliance, "created_at": at, **values},
    )
