"""Counting that somebody got files: what is used often is kept near (`console.tiers`)."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from console.store import schema
from console.tiers.warmth import keep_after_use

ONE_USE = timedelta(minutes=10)
"""Files of a package that are taken away one after the other within such pauses are one use."""
_AT_ONCE = 1_000
_packages = schema.packages.c


def count_uses(connection: sa.Connection, package_ids: Collection[str], now: datetime) -> None:
    """One use of each of these packages, however many of its files are handed over."""
    is_new = _packages.used_at.is_(None) | (_packages.used_at < now - ONE_USE)
    names = sorted(set(package_ids))
    for start in range(0, len(names), _AT_ONCE):
        connection.execute(
            sa.update(schema.packages)
            .where(_packages.package_id.in_(names[start : start + _AT_ONCE]))
            .values(uses=_packages.uses + sa.case((is_new, 1), else_=0), used_at=now)
        )
        keep_after_use(connection, names[start : start + _AT_ONCE], now)
