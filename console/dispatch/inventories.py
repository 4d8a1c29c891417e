"""Inventories that a person asks for: when discs were put in or taken out, or a drive mended."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import TakeInventory
from console.dispatch.commands import issue
from console.store.schema import appliances, commands
from console.store.states import CommandState


def order_inventories(
    connection: sa.Connection, names: Sequence[str], body: TakeInventory, now: datetime
) -> dict[str, str]:
    """Let appliances look, as `body` says; gives the command's id for each appliance.

    An order that an appliance has not answered yet is not given twice. A name without its site will
    do where one site only has such an appliance.

    Raises:
        SteleError: 5263 there is no such appliance, several of that name, or none at all.
    """
    known = sorted(connection.scalars(sa.select(appliances.c.appliance)))
    if not known:
        raise SteleError(5263, "no appliance has reported yet")
    meant = {_full_name(name, known) for name in names} or known
    return {
        name: _waiting(connection, name, body) or issue(connection, name, body, now)
        for name in sorted(meant)
    }


def _full_name(name: str, known: Sequence[str]) -> str:
    """The appliance that a person means, with its site."""
    if name in known:
        return name
    found = [full for full in known if full.rpartition("/")[2] == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise SteleError(5263, f"several sites have an appliance {name!r}: {', '.join(found)}")
    raise SteleError(5263, f"no appliance {name!r} has reported; known: {', '.join(known)}")


def _waiting(connection: sa.Connection, appliance: str, body: TakeInventory) -> str | None:
    unanswered = sa.select(commands.c.command_id, commands.c.body).where(
        commands.c.appliance == appliance,
        commands.c.state.in_((CommandState.WAITING, CommandState.SENT)),
    )
    wanted = msgspec.to_builtins(body)
    return next(
        (row.command_id for row in connection.execute(unanswered) if row.body == wanted), None
    )
