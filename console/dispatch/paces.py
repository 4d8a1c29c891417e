"""How fast appliances write: measured from their verified copies, nominal until there are any."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import CopyVerified
from appliance.contract.states import MediumKind
from console.placement.fleet import Pace
from console.store import schema
from console.store.upsert import insert_into

NOMINAL = {
    # BD-R at 6x (4.5 MB/s times six) each way; a robot's ways, loading and spinning up.
    MediumKind.DISC: Pace(27e6, 27e6, 180.0),
    # A SATA disk's inner tracks; power on, spin up, mount.
    MediumKind.DISK: Pace(110e6, 130e6, 60.0),
    # LTO-7 at its native 300 MB/s, less gaps; fetching, threading, winding.
    MediumKind.TAPE: Pace(250e6, 250e6, 240.0),
}

_NEWEST = 0.2
"""The part that the newest job has in the figures: about the last ten count."""
_HANDLING_MAX_S = 3600.0
_BYTES_MIN = 64 * 1024 * 1024
"""A smaller copy tells of handling, not of speed."""

_paces, _jobs = schema.paces.c, schema.jobs.c

Paces = dict[tuple[str, MediumKind], Pace]


def learn(
    connection: sa.Connection, appliance: str, kind: MediumKind, body: CopyVerified, at: datetime
) -> None:
    """Take a verified copy into its appliance's figures. One that says no times teaches nothing."""
    if not body.burn_s or not body.verify_s or body.image_size_bytes < _BYTES_MIN:
        return
    before = _pace_of(connection, appliance, kind)
    pace = before or NOMINAL[kind]
    started_at = connection.scalar(
        sa.select(_jobs.started_at).where(_jobs.job_id == body.job_id, _jobs.appliance == appliance)
    )
    handling_s = pace.handling_s
    if started_at is not None:
        whole_s = (at - started_at).total_seconds()
        handling_s = min(_HANDLING_MAX_S, max(0.0, whole_s - body.burn_s - body.verify_s))
    seen = Pace(body.image_size_bytes / body.burn_s, body.bytes_read / body.verify_s, handling_s)
    values = {
        "jobs": (before.measured if before else 0) + 1,
        "burn_bytes_per_s": _mixed(before, seen, "burn_bytes_per_s"),
        "verify_bytes_per_s": _mixed(before, seen, "verify_bytes_per_s"),
        "handling_s": _mixed(before, seen, "handling_s"),
        "updated_at": at,
    }
    connection.execute(
        insert_into(connection, schema.paces).on_conflict_do_update(
            index_elements=["appliance", "medium_kind"], set_=values
        ),
        {"appliance": appliance, "medium_kind": kind, **values},
    )


def _mixed(before: Pace | None, seen: Pace, figure: str) -> float:
    new = float(getattr(seen, figure))
    return new if before is None else float(getattr(before, figure)) * (1 - _NEWEST) + new * _NEWEST


def _pace_of(connection: sa.Connection, appliance: str, kind: MediumKind) -> Pace | None:
    row = connection.execute(
        sa.select(schema.paces).where(_paces.appliance == appliance, _paces.medium_kind == kind)
    ).first()
    return _pace(row) if row is not None else None


def _pace(row: Any) -> Pace:
    return Pace(row.burn_bytes_per_s, row.verify_bytes_per_s, row.handling_s, row.jobs)


def read_paces(connection: sa.Connection) -> Paces:
    """Every measured pace."""
    rows = connection.execute(sa.select(schema.paces))
    return {(row.appliance, MediumKind(row.medium_kind)): _pace(row) for row in rows}


def pace_for(paces: Paces, appliance: str, kind: MediumKind) -> Pace:
    """An appliance's own pace; else the mean of the others with that kind; else the nominal one."""
    own = paces.get((appliance, kind))
    if own is not None:
        return own
    others = [pace for (_, of), pace in paces.items() if of is kind]
    if not others:
        return NOMINAL[kind]
    count = len(others)
    return Pace(
        sum(pace.burn_bytes_per_s for pace in others) / count,
        sum(pace.verify_bytes_per_s for pace in others) / count,
        sum(pace.handling_s for pace in others) / count,
    )
