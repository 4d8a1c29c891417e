"""The plans so far, and how far each has come."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store.schema import plans, volumes
from console.store.states import VolumeState


class PlanRow(Struct, frozen=True):
    """One plan. `discs` counts every copy."""

    plan_id: str
    state: str
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    volumes: int
    volumes_archived: int
    discs: int
    payload_bytes: int
    revision: int = 1
    replaces: str | None = None
    """The plan whose place it took."""


def plans_query() -> sa.Select[Any]:
    """Every plan with the sums over its volumes."""
    archived = volumes.c.state == VolumeState.ARCHIVED
    sums = (
        sa.select(
            volumes.c.plan_id,
            sa.func.count().label("volumes"),
            sa.func.count().filter(archived).label("volumes_archived"),
            sa.func.sum(volumes.c.copies_wanted).label("discs"),
            sa.cast(sa.func.sum(volumes.c.payload_bytes), sa.BigInteger).label("payload_bytes"),
        )
        .group_by(volumes.c.plan_id)
        .subquery()
    )
    return sa.select(
        plans.c.plan_id,
        plans.c.state,
        plans.c.created_at,
        plans.c.decided_at,
        plans.c.decided_by,
        plans.c.revision,
        plans.c.replaces,
        *(
            sa.func.coalesce(sums.c[name], 0).label(name)
            for name in ("volumes", "volumes_archived", "discs", "payload_bytes")
        ),
    ).outerjoin_from(plans, sums, sums.c.plan_id == plans.c.plan_id)


def show_row(row: sa.Row[Any]) -> PlanRow:
    """A row of `plans_query`."""
    values = row._mapping
    return PlanRow(**{name: values[name] for name in PlanRow.__struct_fields__})


def list_plans(connection: sa.Connection) -> list[PlanRow]:
    """Every plan, the newest first."""
    query = plans_query().order_by(plans.c.created_at.desc(), plans.c.plan_id.desc())
    return [show_row(row) for row in connection.execute(query)]
