"""Small documents of which every change is a new version: how pools and namespaces are kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError


def newest(connection: sa.Connection, table: sa.Table, name: str) -> sa.Row[Any] | None:
    """The version in force."""
    query = sa.select(table).where(table.c.name == name)
    return connection.execute(query.order_by(table.c.version.desc()).limit(1)).one_or_none()


def in_force(connection: sa.Connection, table: sa.Table) -> list[sa.Row[Any]]:
    """The newest version of every name, by name."""
    latest = (
        sa.select(table.c.name, sa.func.max(table.c.version).label("version"))
        .group_by(table.c.name)
        .subquery()
    )
    query = sa.select(table).join(
        latest, (table.c.name == latest.c.name) & (table.c.version == latest.c.version)
    )
    return list(connection.execute(query.order_by(table.c.name)))


def history(connection: sa.Connection, table: sa.Table, name: str) -> list[sa.Row[Any]]:
    """Every version, the newest first."""
    query = sa.select(table).where(table.c.name == name)
    return list(connection.execute(query.order_by(table.c.version.desc())))


def add_version(
    connection: sa.Connection,
    table: sa.Table,
    name: str,
    values: Mapping[str, object],
    by: str,
    *,
    after: int,
) -> int:
    """Write the version that follows `after`; gives its number.

    Raises:
        SteleError: 5223 somebody else wrote one meanwhile.
    """
    row = {
        "name": name,
        "version": after + 1,
        "created_at": datetime.now(UTC),
        "created_by": by,
        **values,
    }
    try:
        with connection.begin_nested():
            connection.execute(table.insert(), row)
    except sa.exc.IntegrityError as error:
        raise SteleError(5223, f"{name!r} has a version {after + 1} by now") from error
    return after + 1


def check_expected(name: str, found: int, expected: int | None) -> None:
    """Whoever changes something says which version they had before them.

    Raises:
        SteleError: 5223 it is another by now.
    """
    if expected is not None and expected != found:
        raise SteleError(5223, f"{name!r} is at version {found}, not {expected}")
