"""Alarms of the fleet and of the console itself, as they are kept."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store.schema import alarms


class AlarmRow(Struct, frozen=True):
    """One alarm. `appliance` is "site/name", or "console" for the console's own."""

    appliance: str
    alarm_id: str
    where: str
    code: int
    message: str
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cleared_at: datetime | None
    cleared_by: str | None


def alarms_query(*, open_only: bool = True, appliance: str | None = None) -> sa.Select[Any]:
    """Alarms that stand, or also those that are over; of all appliances, or of one."""
    query = sa.select(alarms)
    if open_only:
        query = query.where(alarms.c.cleared_at.is_(None))
    if appliance is not None:
        query = query.where(alarms.c.appliance == appliance)
    return query


def show_alarm(row: Any) -> AlarmRow:
    """A row of the table as others read it."""
    values = row._mapping
    names = (name for name in AlarmRow.__struct_fields__ if name != "where")
    return AlarmRow(where=values["where_"], **{name: values[name] for name in names})
