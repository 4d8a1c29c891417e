"""How long the fast tier keeps what media hold already: by age, by use, and by the room there is.

`packages.warm_until` only ever delays what I4 allows; it never allows anything. Unset is not warm.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from console.rules.values import Tiers
from console.store import schema
from console.store.engine import reading
from console.store.states import BlobState, PackageState
from console.tiers.asked import tier_rules
from console.tiers.space import FILLED, RELIEVED, Space

log = logging.getLogger(__name__)

_AT_ONCE = 500
_packages, _files, _blobs = schema.packages.c, schema.files.c, schema.blobs.c
_of_volume = schema.volume_packages.c


def is_cold(now: datetime) -> sa.ColumnElement[bool]:
    """Whether the package of the enclosing query need not be kept warm any more."""
    return sa.or_(_packages.warm_until.is_(None), _packages.warm_until <= now)


def keep_after_archiving(connection: sa.Connection, volume_id: str, now: datetime) -> None:
    """The packages of a volume are archived: keep them as long as their policies ask."""
    inside = sa.select(_of_volume.package_id).where(_of_volume.volume_id == volume_id)
    by_policy = _by_policy(connection, _packages.package_id.in_(inside))
    for tiers, package_ids in by_policy:
        _warm(connection, package_ids, now + timedelta(days=tiers.keep_days_after_archiving.value))


def keep_after_use(connection: sa.Connection, package_ids: Collection[str], now: datetime) -> None:
    """Somebody got files of these packages: what is at hand of them stays as policies ask."""
    for tiers, used in _by_policy(connection, _packages.package_id.in_(package_ids)):
        days = tiers.keep_days_after_use.value
        if not days:
            continue
        until = now + timedelta(days=days)
        _warm(connection, used, until)
        delivered = schema.delivered.c
        theirs = sa.select(_files.sha256).where(_files.package_id.in_(used))
        connection.execute(
            sa.update(schema.delivered)
            .where(delivered.sha256.in_(theirs), delivered.expires_at < until)
            .values(expires_at=until)
        )


def make_room(engine: sa.Engine, space: Space | None, now: datetime) -> int:
    """When the landing zone is nearly full, cool packages, the one unused for longest first.

    Gives how many. Only what is archived is cooled; I4 is asked when bytes are let go of.
    """
    if space is None or not space.is_filled:
        return 0
    wanted = space.over(RELIEVED)
    with engine.begin() as connection:
        chosen: list[str] = []
        for row in connection.execute(_warm_packages(now)):
            if wanted <= 0:
                break
            chosen.append(row.package_id)
            wanted -= int(row.landed_bytes)
        for part in _parts(chosen):
            connection.execute(
                sa.update(schema.packages)
                .where(_packages.package_id.in_(part))
                .values(warm_until=now)
            )
    if chosen:
        log.info("the landing zone is over %d %%: %d packages cool", FILLED * 100, len(chosen))
    return len(chosen)


def any_warm(engine: sa.Engine, now: datetime) -> bool:
    """Whether anything stays for its warmth alone."""
    query = sa.select(_packages.package_id).where(
        _packages.state == PackageState.ARCHIVED, _packages.warm_until > now
    )
    with reading(engine).connect() as connection:
        return connection.scalar(query.limit(1)) is not None


def _warm_packages(now: datetime) -> sa.Select[tuple[str, int]]:
    landed = (
        sa.select(_files.package_id, sa.func.sum(_blobs.size_bytes).label("landed_bytes"))
        .join_from(schema.files, schema.blobs, _blobs.sha256 == _files.sha256)
        .where(_blobs.state == BlobState.LANDED)
        .group_by(_files.package_id)
        .subquery()
    )
    return (
        sa.select(_packages.package_id, landed.c.landed_bytes)
        .join(landed, landed.c.package_id == _packages.package_id)
        .where(_packages.state == PackageState.ARCHIVED, _packages.warm_until > now)
        .order_by(sa.func.coalesce(_packages.used_at, _packages.created_at), _packages.package_id)
    )


def _by_policy(
    connection: sa.Connection, which: sa.ColumnElement[bool]
) -> Iterable[tuple[Tiers, list[str]]]:
    """Packages by the rules for tiers that they came in under."""
    query = sa.select(_packages.package_id, _packages.policy_id).where(which)
    by_policy: defaultdict[str, list[str]] = defaultdict(list)
    for package_id, policy_id in connection.execute(query):
        by_policy[policy_id].append(package_id)
    rules = tier_rules(connection) if by_policy else {}
    for policy_id, package_ids in sorted(by_policy.items()):
        yield rules[policy_id], package_ids


def _warm(connection: sa.Connection, package_ids: list[str], until: datetime) -> None:
    for part in _parts(package_ids):
        connection.execute(
            sa.update(schema.packages)
            .where(
                _packages.package_id.in_(part),
                _packages.warm_until.is_(None) | (_packages.warm_until < until),
            )
            .values(warm_until=until)
        )


def _parts(package_ids: list[str]) -> Iterable[list[str]]:
    return (package_ids[at : at + _AT_ONCE] for at in range(0, len(package_ids), _AT_ONCE))
