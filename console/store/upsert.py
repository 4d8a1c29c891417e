"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy keeps apart."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: sa.Connection, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`.

    Its result's `rowcount` tells on both databases whether a row was written.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    # SQLAlchemy keeps the count of an INSERT only when it is told to.
    statement: sqlite.Insert | postgresql.Insert = dialect.insert(table)
    return statement.execution_options(preserve_rowcount=True)
