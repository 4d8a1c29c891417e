"""The pools of an archive, and every change of them."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.rules import versions
from console.rules.differences import Difference, differences
from console.rules.pool import Pool, parse_pool, pool_from_document
from console.rules.values import NAME
from console.store.engine import reading
from console.store.schema import pools
from console.store.workspace import Workspace


class PoolVersion(Struct, frozen=True):
    """One version of a pool, with the text that a person wrote."""

    pool: Pool
    version: int
    in_force: bool
    created_at: datetime
    created_by: str
    text: str


def load_pools(connection: sa.Connection) -> dict[str, Pool]:
    """Every pool in force, by name."""
    rows = versions.in_force(connection, pools)
    return {row.name: pool_from_document(row.document) for row in rows}


def list_pools(workspace: Workspace) -> list[PoolVersion]:
    """The version in force of every pool, by name."""
    with reading(workspace.store).connect() as connection:
        return [_version(row, in_force=True) for row in versions.in_force(connection, pools)]


def pool_history(workspace: Workspace, name: str) -> list[PoolVersion]:
    """Every version of a pool, the newest first.

    Raises:
        SteleError: 5212 there is none of this name.
    """
    rows: list[sa.Row[Any]] = []
    if NAME.fullmatch(name):
        with reading(workspace.store).connect() as connection:
            rows = versions.history(connection, pools, name)
    if not rows:
        raise SteleError(5212, f"there is no pool {name[:64]!r}")
    return [_version(row, in_force=place == 0) for place, row in enumerate(rows)]


def put_pool(
    workspace: Workspace, text: str, by: str, *, expected: int | None = None, where: str = "pool"
) -> PoolVersion:
    """Put the pool of this text into force. The same rules again change nothing.

    `expected` is the version that the change was made on, 0 for a new pool; unset for any.

    Raises:
        SteleError: 5211 the text; 5223 somebody else changed it.
    """
    pool = parse_pool(text, where)
    with workspace.store.begin() as connection:
        newest = versions.newest(connection, pools, pool.name)
        version = newest.version if newest is not None else 0
        versions.check_expected(pool.name, version, expected)
        if newest is None or pool_from_document(newest.document) != pool:
            values = {"document": msgspec.to_builtins(pool), "text": text}
            versions.add_version(connection, pools, pool.name, values, by, after=version)
        return _version(versions.history(connection, pools, pool.name)[0], in_force=True)


def pool_diff(workspace: Workspace, name: str, before: int, after: int) -> list[Difference]:
    """What changed from one version to another.

    Raises:
        SteleError: 5212 there is no such pool; 5225 it has no such version.
    """
    by_version = {each.version: each.pool for each in pool_history(workspace, name)}
    for version in (before, after):
        if version not in by_version:
            raise SteleError(5225, f"pool {name!r} has no version {version}")
    return differences(by_version[before], by_version[after])


def _version(row: sa.Row[Any], *, in_force: bool) -> PoolVersion:
    pool = pool_from_document(row.document)
    return PoolVersion(pool, row.version, in_force, row.created_at, row.created_by, row.text)
