"""What lies on each tier, and how much room the fast one has."""

import sqlalchemy as sa
from msgspec import Struct

from console.store import schema
from console.store.engine import reading
from console.store.states import PackageState
from console.store.workspace import Workspace
from console.tiers.space import Space, landing_space
from console.tiers.tier import Tier

_packages = schema.packages.c


class TierView(Struct, frozen=True):
    """Archived packages of one tier, as the last sweep found them."""

    tier: int
    packages: int
    size_bytes: int


class TiersView(Struct, frozen=True):
    """The tiers of an archive."""

    tiers: list[TierView]
    unseen: int
    """Archived packages that no sweep has come to yet."""
    landing: Space | None
    """Of the disk that the landing zone lies on, or as `tiers.landing_bytes_max` says; null where
    nobody knows it."""


def tiers_view(workspace: Workspace) -> TiersView:
    """How it stands now."""
    query = (
        sa.select(_packages.tier, sa.func.count(), sa.func.sum(_packages.size_bytes))
        .where(_packages.state == PackageState.ARCHIVED)
        .group_by(_packages.tier)
    )
    with reading(workspace.store).connect() as connection:
        found = {tier: (count, size) for tier, count, size in connection.execute(query)}
    unseen, _ = found.pop(None, (0, 0))
    tiers = [
        TierView(int(tier), *(int(part or 0) for part in found.get(int(tier), (0, 0))))
        for tier in Tier
    ]
    return TiersView(tiers, unseen, landing_space(workspace))
