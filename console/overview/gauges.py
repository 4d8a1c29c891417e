"""What one process measures and another one tells: each writes its own row, nobody waits."""

import os
import socket
from datetime import datetime, timedelta

import sqlalchemy as sa

from console.store.schema import gauges
from console.store.upsert import insert_into

EVENT_LAG = "event_lag_s"
"""From an event's own time until it was in the store: the latest of those that came last."""
_FORGOTTEN_AFTER = timedelta(hours=1)
_PROCESS = f"{socket.gethostname()}-{os.getpid()}"


def keep_gauge(connection: sa.Connection, name: str, value: float, now: datetime) -> None:
    """Keep this process's newest value; those of processes long gone are forgotten."""
    mine = {"name": f"{name}:{_PROCESS}"[:128], "value": value, "at": now}
    connection.execute(
        insert_into(connection, gauges).on_conflict_do_update(
            index_elements=["name"], set_={"value": value, "at": now}
        ),
        mine,
    )
    old = gauges.c.name.startswith(f"{name}:", autoescape=True)
    connection.execute(sa.delete(gauges).where(old, gauges.c.at < now - _FORGOTTEN_AFTER))


def read_gauge(connection: sa.Connection, name: str, since: datetime) -> float | None:
    """The largest of all processes' values since then; None when there is none."""
    these = gauges.c.name.startswith(f"{name}:", autoescape=True)
    found: float | None = connection.scalar(
        sa.select(sa.func.max(gauges.c.value)).where(these, gauges.c.at >= since)
    )
    return found
