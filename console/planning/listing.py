"""The plans so far, and how far each has come."""

from datetime import datetime

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


def list_plans(connection: sa.Connection) -> list[PlanRow]:
    """Every plan, the newest first."""
    of_plan = volumes.c.volume_id.is_not(None)
    archived = volumes.c.state == VolumeState.ARCHIVED
    query = (
        sa.select(
            plans.c.plan_id,
            plans.c.state,
            plans.c.created_at,
            plans.c.decided_at,
            plans.c.decided_by,
            plans.c.revision,
            plans.c.replaces,
            sa.func.count().filter(of_plan).label("volumes"),
            sa.func.count().filter(archived).label("volumes_archived"),
            sa.func.coalesce(sa.func.sum(volumes.c.copies_wanted), 0).label("discs"),
            sa.func.coalesce(sa.func.sum(volumes.c.payload_bytes), 0).label("payload_bytes"),
        )
        .outerjoin_from(plans, volumes)
        .group_by(plans.c.plan_id)
        .order_by(plans.c.created_at.desc(), plans.c.plan_id.desc())
    )
    return [PlanRow(**row._mapping) for row in connection.execute(query)]
