"""What every page has to say first: a worker that is away, appliances that are, alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from console.processes import workers_here
from console.store import schema as s
from console.web.context import workspace

ALARM_ROWS = 5


@dataclass(frozen=True, slots=True)
class Away:
    """An appliance that is not online, and the last time that it said anything."""

    appliance: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notices:
    """`worker` says whether the console's worker runs."""

    worker: bool
    away: Sequence[Away]
    alarms: Sequence[sa.RowMapping]


def current_notices(connection: sa.Connection) -> Notices:
    """What holds now."""
    a = s.appliances.c
    away = (
        sa.select(a.appliance, a.status_at, a.library_at, a.jobs_at)
        .where(a.online.is_(False))
        .order_by(a.appliance)
    )
    alarms = (
        sa.select(s.alarms)
        .where(s.alarms.c.cleared_at.is_(None))
        .order_by(s.alarms.c.raised_at.desc())
        .limit(ALARM_ROWS)
    )
    return Notices(
        worker=is_worker_running(workspace().data),
        away=[
            Away(appliance, max(filter(None, times), default=None))
            for appliance, *times in connection.execute(away)
        ],
        alarms=connection.execute(alarms).mappings().all(),
    )


def is_worker_running(data: Path) -> bool:
    """Whether a process that a ready file names is there. It runs on this machine."""
    return workers_here(data) > 0
