"""What is used again and again comes back to the fast tier whole, before the next one asks."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.retrieval.requests import Terms, create_request
from console.retrieval.states import Priority
from console.rules.values import Tiers
from console.store import schema
from console.store.engine import reading
from console.store.ids import new_id
from console.store.states import PackageState
from console.tiers.asked import tier_rules
from console.tiers.tier import MoveState, Tier

REQUESTED_BY = "tiers"
_AT_ONCE = 20

_packages, _files, _moves = schema.packages.c, schema.files.c, schema.tier_moves.c


def promote_used(engine: sa.Engine, now: datetime) -> int:
    """Ask for the whole of packages that were used often enough; gives how many."""
    promoted = 0
    with reading(engine).connect() as connection:
        rules = tier_rules(connection)
    for policy_id, tiers in rules.items():
        if not tiers.fetch_whole_after_uses.value:
            continue
        with reading(engine).connect() as connection:
            rows = connection.execute(_often_used(policy_id, tiers, now)).all()
        for row in rows:
            promoted += _promote(engine, row, now)
    return promoted


def _often_used(policy_id: str, tiers: Tiers, now: datetime) -> sa.Select[tuple[str, int, int]]:
    asked_since = (
        sa.exists()
        .where(
            _moves.package_id == _packages.package_id,
            _moves.to_tier == int(Tier.FAST),
            _moves.state == MoveState.ASKED,
        )
        .correlate(schema.packages)
    )
    return (
        sa.select(_packages.package_id, _packages.tier, _packages.uses)
        .where(
            _packages.policy_id == policy_id,
            _packages.state == PackageState.ARCHIVED,
            _packages.tier.in_([int(Tier.LONG_TERM), int(Tier.OFFLINE)]),
            _packages.uses >= tiers.fetch_whole_after_uses.value,
            _packages.used_at > now - timedelta(days=max(1, tiers.keep_days_after_use.value)),
            ~asked_since,
        )
        .order_by(_packages.used_at.desc(), _packages.package_id)
        .limit(_AT_ONCE)
    )


def _promote(engine: sa.Engine, row: Any, now: datetime) -> bool:
    package_id, tier, uses = row.package_id, row.tier, row.uses
    with engine.begin() as connection:
        # Uses count anew from here: what falls back to media must be used as often again.
        begun = connection.execute(
            sa.update(schema.packages)
            .where(_packages.package_id == package_id, _packages.uses == uses)
            .values(uses=0)
        )
        if not begun.rowcount:
            return False
        connection.execute(
            sa.insert(schema.tier_moves).values(
                move_id=new_id("mv"),
                package_id=package_id,
                from_tier=tier,
                to_tier=int(Tier.FAST),
                reason=f"it was used {uses} times",
                state=MoveState.ASKED,
                created_at=now,
            )
        )
        wanted = connection.scalars(
            sa.select(_files.file_id).where(_files.package_id == package_id)
        ).all()
    terms = Terms(priority=Priority.LOW, requested_by=REQUESTED_BY, at=now)
    create_request(engine, wanted, f"package {package_id} is used often", terms=terms)
    return True
