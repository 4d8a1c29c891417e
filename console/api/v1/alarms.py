"""/api/v1/alarms: what is wrong, and who has seen it."""

from typing import Annotated

from msgspec import Meta, Struct

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.dispatch.acknowledgement import acknowledge
from console.overview.alarms import AlarmRow, alarms_query, show_alarm
from console.store.schema import alarms as table

alarms = Resource("alarms", "Alarms: what is wrong in the fleet and in the console itself.")


class AlarmQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    open: bool = True
    """False shows also those that are over."""
    appliance: Key | None = None


class Acknowledgement(Struct, frozen=True, forbid_unknown_fields=True):
    """`appliance` is "site/name", or "console"."""

    appliance: Key
    alarm_id: Annotated[str, Meta(min_length=1, max_length=200)]


class Acknowledged(Struct, frozen=True):
    """`command_id` is the command by which the appliance is told; it has none for the console."""

    command_id: str | None


@alarms.get("/alarms", scope=Scope.READ, errors=(5429,))
def list_alarms(call: Call, query: AlarmQuery) -> Page[AlarmRow]:
    """List alarms, newest first."""
    rows = alarms_query(open_only=query.open, appliance=query.appliance)
    by = [
        Order(table.c.raised_at, descending=True),
        Order(table.c.appliance),
        Order(table.c.alarm_id),
    ]
    with call.reading() as connection:
        return page_of(connection, rows, by, query, show_alarm)


@alarms.post("/alarms/acknowledge", scope=Scope.OPERATE, errors=(4060,))
def acknowledge_alarm(call: Call, body: Acknowledgement) -> Acknowledged:
    """Say that a person has seen an alarm. It stands until its cause is gone.

    An appliance is told by a command and reports back when it has taken note.
    """
    with call.changing() as connection:
        return Acknowledged(
            acknowledge(connection, body.appliance, body.alarm_id, call.who, call.now)
        )
