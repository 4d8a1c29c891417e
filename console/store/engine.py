"""Opening the console's store: SQLite by default, PostgreSQL by another URL.

SQLite is opened so that SQLAlchemy alone begins transactions. A transaction takes the write lock
at once (BEGIN IMMEDIATE), so that it can never fail half-way for a lock; one opened through
`reading` takes none, and neither waits for a writer nor holds one up (WAL).
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from appliance.contract.errors import SteleError

HEAD = "0004"
"""The newest revision in `migrations/versions`; a test compares it with them."""

BUSY_TIMEOUT_S = 30
_READING = "stele_reading"


def open_store(url: str) -> sa.Engine:
    """An engine on a database of the newest revision; makes and migrates it where needed.

    Raises:
        SteleError: 5400 it cannot be opened; 5401 a newer Stele has written it.
    """
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_connection)
        event.listen(engine, "begin", _begin)
        if engine.url.database and engine.url.database != ":memory:":
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        if _revision(engine) != HEAD:
            _migrate(engine)
    except sa.exc.SQLAlchemyError as error:
        engine.dispose()
        shown = engine.url.render_as_string(hide_password=True)
        raise SteleError(5400, f"the store {shown} cannot be opened", str(error)[:500]) from error
    except SteleError:
        engine.dispose()
        raise
    return engine


def reading(engine: sa.Engine) -> sa.Engine:
    """The same store for transactions that only read: they take no lock."""
    return engine.execution_options(**{_READING: True})


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    deferred = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")


def _revision(engine: sa.Engine) -> str | None:
    with reading(engine).connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return revision


def _migrate(engine: sa.Engine) -> None:
    # Alembic is slow to import and rarely needed: only here.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "console.store:migrations")
    # One transaction: a second process that opens the store waits, then finds it migrated.
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise SteleError(5401, "the store was written by a newer Stele", str(error)) from error
