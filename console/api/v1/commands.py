"""/api/v1/commands: what appliances were told, and orders to look into their slots."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.contract.messages import InventoryBy, TakeInventory
from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.dispatch.inventories import order_inventories
from console.store.schema import commands as table
from console.store.states import CommandState

commands = Resource("commands", "Commands: what appliances were told to do, and what they said.")


class CommandQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    appliance: Key | None = None
    state: CommandState | None = None


class CommandRow(Struct, frozen=True):
    """A command. The job that it starts has its id. `body` is as in docs/contract.md."""

    command_id: str
    appliance: str
    body: dict[str, Any]
    state: str
    attempts: int
    issued_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    error_code: int | None
    error_message: str | None


class InventoryOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """Which appliances ("site/name") look, all if none is named; into which slots, and how."""

    appliances: Annotated[list[Key], Meta(max_length=10_000)] = []
    slots: Annotated[list[Key], Meta(max_length=10_000)] = []
    by: InventoryBy = InventoryBy.PRESENCE


class InventoriesOrdered(Struct, frozen=True):
    """The command's id for each appliance."""

    inventories: dict[str, str]


@commands.get("/commands", scope=Scope.READ, errors=(5429,))
def list_commands(call: Call, query: CommandQuery) -> Page[CommandRow]:
    """List commands, newest first."""
    rows = sa.select(table)
    for name in ("appliance", "state"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    newest = Order(table.c.command_id, descending=True)
    with call.reading() as connection:
        return page_of(connection, rows, [newest], query, _show)


@commands.get("/commands/{command_id}", scope=Scope.READ)
def show_one_command(call: Call, command_id: Key) -> CommandRow:
    """Show one command."""
    with call.reading() as connection:
        one = sa.select(table).where(table.c.command_id == command_id)
        row = connection.execute(one).first()
    if row is None:
        raise SteleError(5426, f"there is no command {command_id!r}")
    return _show(row)


@commands.post("/inventories", scope=Scope.OPERATE, status=202, errors=(5263,))
def take_inventories(call: Call, body: InventoryOrder) -> InventoriesOrdered:
    """Let appliances look into their slots.

    Drives that were taken out of service get another chance with it. An order that an appliance
    has not answered yet is not given twice.
    """
    look = TakeInventory(list(body.slots), body.by)
    with call.changing() as connection:
        return InventoriesOrdered(order_inventories(connection, body.appliances, look, call.now))


def _show(row: Any) -> CommandRow:
    values = row._mapping
    return CommandRow(**{name: values[name] for name in CommandRow.__struct_fields__})
