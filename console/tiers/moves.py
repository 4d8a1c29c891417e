"""The record of moves between the tiers: what happened, and why.

A sweep compares where packages were with where they are, some at a time, round and round.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from console.store import schema
from console.store.engine import reading
from console.store.ids import new_id
from console.store.states import PackageState
from console.tiers.tier import MoveState, Tier, tiers_of

SWEPT = 500
"""Packages that one step of the sweep looks at."""

_packages, _moves = schema.packages.c, schema.tier_moves.c
_REASONS = {
    (Tier.FAST, Tier.LONG_TERM): "the fast tier let go of it: copies are verified, nobody uses it",
    (Tier.FAST, Tier.OFFLINE): "the fast tier let go of it while its copies are offline",
    (Tier.LONG_TERM, Tier.FAST): "somebody asked for all of it",
    (Tier.OFFLINE, Tier.FAST): "somebody asked for all of it, and it was brought",
    (Tier.LONG_TERM, Tier.OFFLINE): "its last copy in an appliance was taken out",
    (Tier.OFFLINE, Tier.LONG_TERM): "a copy was put into an appliance",
}


def follow_moves(engine: sa.Engine, after: str, now: datetime) -> str:
    """Write down what moved among the next packages behind `after`.

    Gives where to go on; empty when the sweep has come round.
    """
    with reading(engine).connect() as connection:
        rows = connection.execute(
            sa.select(_packages.package_id, _packages.tier)
            .where(_packages.package_id > after, _packages.state == PackageState.ARCHIVED)
            .order_by(_packages.package_id)
            .limit(SWEPT)
        ).all()
        found = tiers_of(connection, [row.package_id for row in rows])
    moved = [
        (row.package_id, row.tier, found[row.package_id])
        for row in rows
        if row.package_id in found and row.tier != found[row.package_id]
    ]
    if moved:
        with engine.begin() as connection:
            _write(connection, moved, now)
    return rows[-1].package_id if len(rows) == SWEPT else ""


def _write(
    connection: sa.Connection, moved: Sequence[tuple[str, int | None, Tier]], now: datetime
) -> None:
    for package_id, before, tier in moved:
        changed = connection.execute(
            sa.update(schema.packages)
            .where(_packages.package_id == package_id, _packages.tier.is_not_distinct_from(before))
            .values(tier=int(tier))
        )
        if not changed.rowcount or before is None:
            continue  # another process wrote it down, or it was never anywhere else
        asked = connection.execute(
            sa.update(schema.tier_moves)
            .where(
                _moves.package_id == package_id,
                _moves.to_tier == int(tier),
                _moves.state == MoveState.ASKED,
            )
            .values(state=MoveState.DONE, done_at=now)
        )
        if not asked.rowcount:
            connection.execute(
                sa.insert(schema.tier_moves).values(
                    move_id=new_id("mv"),
                    package_id=package_id,
                    from_tier=before,
                    to_tier=int(tier),
                    reason=_REASONS[Tier(before), tier],
                    state=MoveState.DONE,
                    created_at=now,
                    done_at=now,
                )
            )
