"""The store in figures, by groups that are each read in one go.

Figures come from the store whichever process is asked, so nothing is counted twice. None of the
queries reads files one by one: they add up packages, copies, appliances and landed contents.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric

from appliance.contract.states import JobState
from console.ingest.uploads import WAITING as UPLOAD_WAITING
from console.overview.fleet import fleet_figures
from console.overview.gauges import EVENT_LAG, read_gauge
from console.overview.jobs import FINAL_STATES
from console.store.schema import (
    blobs,
    commands,
    copies,
    events,
    jobs,
    packages,
    plans,
    requests,
    tasks,
    tier_moves,
    uploads,
    volumes,
)
from console.store.states import CommandState, RequestState
from console.tasks.kinds import TaskState
from console.tiers.tier import MoveState

Read = Callable[[sa.Connection], Iterator[Metric]]

_RECENT = timedelta(minutes=5)
_count = sa.func.count()


def archive(connection: sa.Connection) -> Iterator[Metric]:
    """Files, bytes, packages, volumes, copies and plans."""
    total = sa.func.coalesce
    query = sa.select(
        packages.c.namespace,
        packages.c.state,
        _count,
        total(sa.func.sum(packages.c.files), 0),
        total(sa.func.sum(packages.c.size_bytes), 0),
    ).group_by(packages.c.namespace, packages.c.state)
    labels = ["namespace", "state"]
    kept = GaugeMetricFamily("stele_packages", "Packages by state.", labels=labels)
    files = GaugeMetricFamily("stele_files", "Files by their packages' state.", labels=labels)
    size = GaugeMetricFamily(
        "stele_archive_bytes", "Bytes by their packages' state.", labels=labels
    )
    for namespace, state, number, file_number, size_bytes in connection.execute(query):
        kept.add_metric([namespace, state], number)
        files.add_metric([namespace, state], int(file_number))
        size.add_metric([namespace, state], int(size_bytes))
    yield from (kept, files, size)
    yield _by_state(connection, "stele_volumes", "Volumes by state.", volumes)
    yield _by_state(connection, "stele_copies", "Copies by state.", copies)
    yield _by_state(connection, "stele_plans", "Plans by state.", plans)


def landing(connection: sa.Connection) -> Iterator[Metric]:
    """What the landing zone holds. The words match those of its partial index."""
    landed = sa.select(_count, sa.func.coalesce(sa.func.sum(blobs.c.size_bytes), 0)).where(
        sa.text("state = 'landed'")
    )
    number, size_bytes = connection.execute(landed.select_from(blobs)).one()
    about = "Bytes that the landing zone holds until copies are verified."
    yield GaugeMetricFamily("stele_landing_bytes", about, value=int(size_bytes))
    yield GaugeMetricFamily("stele_landing_contents", "Contents in the landing zone.", value=number)


def fleet(connection: sa.Connection) -> Iterator[Metric]:
    """Appliances, drives, blanks and alarms."""
    found = fleet_figures(connection)
    seen = GaugeMetricFamily(
        "stele_appliances", "Appliances that were ever heard.", labels=["online"]
    )
    seen.add_metric(["true"], found.online)
    seen.add_metric(["false"], found.appliances - found.online)
    yield seen
    drives = GaugeMetricFamily("stele_drives", "Drives by whether they work.", labels=["busy"])
    drives.add_metric(["true"], found.drives_busy)
    drives.add_metric(["false"], found.drives - found.drives_busy)
    yield drives
    for name, about, by_kind in (
        ("stele_media", "Media in cabinets by kind.", found.media),
        ("stele_blanks", "Blank media in cabinets by kind.", found.blanks),
    ):
        media = GaugeMetricFamily(name, about, labels=["kind"])
        for kind, number in by_kind.items():
            media.add_metric([kind], number)
        yield media
    alarms = GaugeMetricFamily(
        "stele_alarms", "Alarms that stand, by their number (docs/errors.md).", labels=["code"]
    )
    for code, number in sorted(found.alarms.items()):
        alarms.add_metric([code], number)
    yield alarms


def work(connection: sa.Connection) -> Iterator[Metric]:
    """Jobs and queues, and how late events come."""
    yield _by_state(connection, "stele_jobs", "Jobs by state, all that ever were.", jobs)
    query = (
        sa.select(jobs.c.verb, jobs.c.state, _count)
        .where(jobs.c.state.in_([state for state in JobState if state not in FINAL_STATES]))
        .group_by(jobs.c.verb, jobs.c.state)
    )
    about = "Jobs that are not over, by verb and state."
    found = GaugeMetricFamily("stele_open_jobs", about, labels=["verb", "state"])
    for verb, state, number in connection.execute(query):
        found.add_metric([verb, state], number)
    yield found
    yield _queues(connection)
    yield from _events(connection, datetime.now(UTC))


def _queues(connection: sa.Connection) -> Metric:
    waiting: dict[str, tuple[sa.Table, list[str]]] = {
        "commands": (commands, [CommandState.WAITING, CommandState.SENT]),
        "requests": (requests, [RequestState.WAITING, RequestState.RUNNING]),
        "tasks": (tasks, [TaskState.OPEN]),
        "uploads": (uploads, [UPLOAD_WAITING]),
        "tier_moves": (tier_moves, [MoveState.ASKED]),
    }
    found = GaugeMetricFamily("stele_queue_length", "What waits or is under way.", labels=["queue"])
    for name, (table, states) in waiting.items():
        query = sa.select(_count).select_from(table).where(table.c.state.in_(states))
        found.add_metric([name], connection.scalar(query) or 0)
    return found


def _events(connection: sa.Connection, now: datetime) -> Iterator[Metric]:
    lag_s = read_gauge(connection, EVENT_LAG, now - _RECENT)
    if lag_s is not None:
        about = "From an event's own time to the store, the latest of the last five minutes."
        yield GaugeMetricFamily("stele_event_lag_seconds", about, value=lag_s)
    newest = connection.scalar(sa.select(sa.func.max(events.c.at)))
    if newest is not None:
        about = "Since the newest event of the fleet."
        age_s = max(0.0, (now - newest).total_seconds())
        yield GaugeMetricFamily("stele_event_age_seconds", about, value=age_s)


def _by_state(connection: sa.Connection, name: str, about: str, table: sa.Table) -> Metric:
    found = GaugeMetricFamily(name, about, labels=["state"])
    for state, number in connection.execute(
        sa.select(table.c.state, _count).group_by(table.c.state)
    ):
        found.add_metric([state], number)
    return found


GROUPS: dict[str, Read] = {"archive": archive, "landing": landing, "fleet": fleet, "work": work}
