"""The fleet in figures, added up from rows that are small however large its libraries are."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.states import JobState
from console.overview.jobs import FINAL_STATES
from console.store.schema import alarms, appliances, commands, holdings, jobs
from console.store.states import CommandState


class FleetFigures(Struct, frozen=True):
    """Counts over all appliances. Drives, blanks and media are those that were told last."""

    appliances: int
    online: int
    drives: int
    drives_busy: int
    blanks: dict[str, int]
    """By kind of medium."""
    media: dict[str, int]
    """By kind of medium."""
    jobs: dict[str, int]
    """Jobs that are not over, by state."""
    commands: int
    """Not answered yet."""
    alarms: dict[str, int]
    """Alarms that stand, by code."""


def fleet_figures(connection: sa.Connection) -> FleetFigures:
    """The picture of this moment."""
    count = sa.func.count()
    online = sa.select(appliances.c.online, count).group_by(appliances.c.online)
    by_online = {bool(row[0]): row[1] for row in connection.execute(online)}
    held = _held(connection)
    open_jobs = (
        sa.select(jobs.c.state, count)
        .where(jobs.c.state.in_([state for state in JobState if state not in FINAL_STATES]))
        .group_by(jobs.c.state)
    )
    unanswered = sa.select(count).where(
        commands.c.state.in_([CommandState.WAITING, CommandState.SENT])
    )
    standing = (
        sa.select(alarms.c.code, count).where(alarms.c.cleared_at.is_(None)).group_by(alarms.c.code)
    )
    return FleetFigures(
        appliances=sum(by_online.values()),
        online=by_online.get(True, 0),
        drives=held["drives"],
        drives_busy=held["drives_busy"],
        blanks={"disc": held["blank_discs"], "tape": held["blank_tapes"]},
        media={"disc": held["discs"], "disk": held["disks"], "tape": held["tapes"]},
        jobs={row[0]: row[1] for row in connection.execute(open_jobs)},
        commands=connection.scalar(unanswered) or 0,
        alarms={str(row[0]): row[1] for row in connection.execute(standing)},
    )


def _held(connection: sa.Connection) -> dict[str, int]:
    names = [c.name for c in holdings.c if isinstance(c.type, sa.Integer)]
    sums: Any = connection.execute(
        sa.select(*(sa.func.coalesce(sa.func.sum(holdings.c[name]), 0) for name in names))
    ).one()
    return {name: int(value) for name, value in zip(names, sums, strict=True)}
