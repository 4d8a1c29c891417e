"""Counting that somebody got files: what is used often is kept near (`console.tiers`)."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from console.store import schema
from console.tiers.warmth import keep_after_use

_AT_ONCE = 1_000
_packages = schema.packages.c


def count_uses(connection: sa.Connection, package_ids: Collection[str], now: datetime) -> None:
    """One use of each of these packages, however many of its files were handed over."""
    names = sorted(set(package_ids))
    for start in range(0, len(names), _AT_ONCE):
        connection.execute(
            sa.update(schema.packages)
            .where(_packages.package_id.in_(names[start : start + _AT_ONCE]))
            .values(uses=_packages.uses + 1, used_at=now)
        )
        keep_after_use(connection, names[start : start + _AT_ONCE], now)
