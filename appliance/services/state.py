"""The firmware's one database file: how it is opened, and who owns which tables in it.

Job journal, catalogue, alarms and outbox share the file, so that a job's result, the rows about it
and the event that tells of it are one transaction (``with db.atomic():``). Each owner keeps its
tables' migrations beside its code and applies them when it is made; the sets are independent.

All access is from the event loop's thread. The connection is in autocommit mode, so a statement
outside ``atomic()`` is a transaction of its own; a commit is on the disk when it returns.
"""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from appliance.contract.errors import SteleError

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
)


def open_state(path: Path) -> Database:
    """Open or make the database, readable by its owner alone: it holds content tokens.

    Raises:
        SteleError: 5104 the file cannot be opened or is not a database.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        db = Database(path, recursive_triggers=False)
        db.conn.isolation_level = None
        for pragma in _PRAGMAS:
            db.execute(pragma).fetchall()
    except (OSError, sqlite3.DatabaseError) as error:
        raise SteleError(5104, f"the state database {path} cannot be opened", str(error)) from error
    return db
