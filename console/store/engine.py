"""Opening the console's store: SQLite by default, PostgreSQL by another URL.

Whoever reads and then writes must not be overtaken in between. So a transaction takes the store's
write lock as it begins and keeps it to its end: on SQLite with BEGIN IMMEDIATE, on PostgreSQL as an
advisory lock. What it reads is then true until it commits, it can neither deadlock nor fail for
another one, and no caller needs to begin anew. A writer that is killed lets go of the lock at once.

Three kinds of transaction take less:

`reading`: none. It sees the store as it was when it began, and holds up nobody.

`beside`: on PostgreSQL a share of the lock, so that such transactions run beside each other, and
not beside the others. They lock the rows that they read and then write, they may deadlock, and so
they are begun anew by whoever runs them (`repeated`). On SQLite it is a transaction like any other.

`apart`: the same without the share, for single statements whose condition says all that they rely
on, such as leases: a long transaction of somebody else does not hold them up on PostgreSQL.
"""

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

from appliance.contract.errors import SteleError

log = logging.getLogger(__name__)

HEAD = "0004"
"""The newest revision in `migrations/versions`; a test compares it with them."""

BUSY_TIMEOUT_S = 30
"""So long a transaction waits for its lock before it fails."""
IDLE_TIMEOUT_S = 120
"""PostgreSQL ends a writer that says nothing for so long: it would hold up all others."""
ATTEMPTS = 5

_MODE = "stele_mode"
_READING, _BESIDE, _APART = "reading", "beside", "apart"
_WRITE_LOCK = 0x5354454C45
"""The advisory lock's number: the bytes of `STELE`."""
_BEGUN_ANEW = ("40001", "40P01")
"""Serialization failure and deadlock, in PostgreSQL's Appendix A."""
_SESSION = {
    "lock_timeout": f"{BUSY_TIMEOUT_S}s",
    # A client whose host has lost its power is given up before anybody waits too long for it.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "timezone": "UTC",
}
_POOL = {"pool_size": 10, "max_overflow": 20, "pool_pre_ping": True, "pool_recycle": 1800}

T = TypeVar("T")


def open_store(url: str) -> sa.Engine:
    """An engine on a database of the newest revision; makes and migrates it where needed.

    Raises:
        SteleError: 5400 it cannot be opened; 5401 a newer Stele has written it; 5405 the URL is
            none, or of a database that Stele does not work on.
    """
    engine = _create(url)
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
    """The same store for transactions that only read: they take no lock and see one moment."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(
            **{_MODE: _READING}, isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    return engine.execution_options(**{_MODE: _READING})


def beside(engine: sa.Engine) -> sa.Engine:
    """The same store for transactions that lock what they read and then write, row by row."""
    return engine.execution_options(**{_MODE: _BESIDE})


def apart(engine: sa.Engine) -> sa.Engine:
    """The same store for statements that rely on nothing but their own conditions."""
    return engine.execution_options(**{_MODE: _APART})


def repeated(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    """Do `work` within a transaction of `beside`, anew when another one was in its way.

    Raises:
        SQLAlchemyError: it was in the way again and again, or something else failed.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with beside(engine).begin() as connection:
                return work(connection)
        except sa.exc.DBAPIError as error:
            if attempt == ATTEMPTS or not _may_begin_anew(error):
                raise
            log.info("a transaction begins anew: %s", error.orig)
            time.sleep(0.01 * attempt)
    raise AssertionError


def is_passing(error: BaseException) -> bool:
    """Whether a failed transaction says nothing of what it did: the store itself was in its way."""
    return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or (
        isinstance(error, sa.exc.DBAPIError) and _may_begin_anew(error)
    )


def _may_begin_anew(error: sa.exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _BEGUN_ANEW


def _create(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        kind = parsed.get_backend_name()
        if kind == "postgresql":
            return _create_postgresql(parsed)
        if kind != "sqlite":
            raise SteleError(5405, f"the store may be sqlite or postgresql+psycopg, not {kind}")
        return _create_sqlite(parsed)
    except (sa.exc.ArgumentError, ImportError) as error:
        # The URL itself stays out of the text: it may hold a password.
        raise SteleError(5405, "the store's URL cannot be used", type(error).__name__) from error


def _create_postgresql(url: sa.URL) -> sa.Engine:
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    given = url.query.get("options", "")
    given = given if isinstance(given, str) else " ".join(given)
    arguments = {"options": f"{options} {given}".strip(), "connect_timeout": 10}
    url = url.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, connect_args=arguments, **_POOL)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: sa.Connection) -> None:
    mode = connection.get_execution_options().get(_MODE)
    if mode not in (_READING, _APART):
        share = "_shared" if mode == _BESIDE else ""
        connection.exec_driver_sql(
            "SELECT set_config('idle_in_transaction_session_timeout', "
            f"'{IDLE_TIMEOUT_S}s', true), pg_advisory_xact_lock{share}({_WRITE_LOCK})"
        )


def _create_sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")
    _ensure_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _ensure_wal(connection: Any) -> None:
    """Have the file in WAL mode. Of several that change it at once all but one fail, and at once:
    SQLite does not call its busy handler there, lest two wait for each other for ever.
    """
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: sa.Connection) -> None:
    mode = connection.get_execution_options().get(_MODE)
    connection.exec_driver_sql("BEGIN" if mode == _READING else "BEGIN IMMEDIATE")


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
