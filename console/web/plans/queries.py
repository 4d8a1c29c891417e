"""What the store knows of plans and the volumes in them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from console.store import schema as s
from console.store.states import PlanState

SHOWN_ROWS = 20
SHOWN_DOSSIERS = 50


@dataclass(frozen=True, slots=True)
class PlanNow:
    """`dossiers` holds the first of each volume, while the plan is to be decided."""

    row: sa.RowMapping
    volumes: list[sa.RowMapping]
    dossiers: dict[str, list[sa.RowMapping]]

    @property
    def blanks_missing(self) -> bool:
        """Whether the fleet reported fewer blank discs than the plan takes."""
        return self.discs > self.blanks

    @property
    def blanks(self) -> int:
        """The blank discs that the fleet reported when the plan was made."""
        return int(self.row["explanation"].get("blanks", self.discs))

    @property
    def too_large(self) -> list[dict[str, Any]]:
        """Dossiers that no disc can hold whole; they are in no volume."""
        return list(self.row["explanation"].get("too_large", ()))

    @property
    def because(self) -> list[str]:
        """Why it takes the place of the plan before it."""
        return [str(line) for line in self.row["explanation"].get("because", ())]

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
    found = []
    for row in rows:
        is_open = row["state"] == PlanState.PROPOSED
        dossiers = _dossiers(connection, row["plan_id"]) if is_open else {}
        found.append(PlanNow(row, volumes[row["plan_id"]], dossiers))
    return found


def _dossiers(connection: sa.Connection, plan_id: str) -> dict[str, list[sa.RowMapping]]:
    v, vp, p = s.volumes.c, s.volume_packages.c, s.packages.c
    rank = sa.func.row_number().over(partition_by=vp.volume_id, order_by=p.dossier)
    numbered = (
        sa.select(vp.volume_id, p.package_id, p.dossier, p.files, p.size_bytes, rank.label("rank"))
        .join_from(s.volume_packages, s.packages, p.package_id == vp.package_id)
        .join(s.volumes, v.volume_id == vp.volume_id)
        .where(v.plan_id == plan_id)
        .subquery()
    )
    query = sa.select(numbered).where(numbered.c.rank <= SHOWN_DOSSIERS).order_by(numbered.c.rank)
    found: dict[str, list[sa.RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["volume_id"]].append(row)
    return found
