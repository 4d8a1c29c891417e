"""What the store knows of plans and the volumes in them."""

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from console.store import schema as s

SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class PlanNow:
    row: sa.RowMapping
    volumes: list[sa.RowMapping]

    @property
    def discs(self) -> int:
        """How many discs it takes: every volume as often as its policy wants copies."""
        return sum(volume["copies_wanted"] for volume in self.volumes)

    @property
    def files(self) -> int:
        return sum(volume["files"] for volume in self.volumes)

    @property
    def payload_bytes(self) -> int:
        return sum(volume["payload_bytes"] for volume in self.volumes)


def newest_plans(connection: sa.Connection) -> list[PlanNow]:
    """The newest plans with their volumes."""
    query = sa.select(s.plans).order_by(s.plans.c.created_at.desc(), s.plans.c.plan_id)
    rows = connection.execute(query.limit(SHOWN_ROWS)).mappings().all()
    volumes: dict[str, list[sa.RowMapping]] = defaultdict(list)
    of_these = (
        sa.select(s.volumes)
        .where(s.volumes.c.plan_id.in_([row["plan_id"] for row in rows]))
        .order_by(s.volumes.c.label)
    )
    for volume in connection.execute(of_these).mappings():
        volumes[volume["plan_id"]].append(volume)
    return [PlanNow(row, volumes[row["plan_id"]]) for row in rows]
