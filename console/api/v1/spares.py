"""/api/v1/spares: media that hold a copy once more; and appliances that do not come back."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.dispatch.moving import declare_lost
from console.store.schema import copies, volumes
from console.store.schema import spares as table

spares = Resource("spares", "Spares: media that hold a copy once more than is wanted.")


class Spare(Struct, frozen=True):
    """A verified medium of a copy that another medium counts for."""

    job_id: str
    copy_id: str
    role: str
    volume_id: str
    label: str
    appliance: str
    medium_id: str
    slot: str | None
    verified_at: datetime


class SpareQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    appliance: Key | None = None
    copy_id: Key | None = None


class Loss(Struct, frozen=True, forbid_unknown_fields=True):
    """`appliance` is "site/name"."""

    appliance: Key


class WorkMoved(Struct, frozen=True):
    """The copies that are made elsewhere now."""

    copies: list[str]


@spares.get("/spares", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_spares(call: Call, query: SpareQuery) -> Page[Spare]:
    """List spares. One takes the place of its copy by itself should that be lost."""
    rows = (
        sa.select(table, copies.c.role, volumes.c.label)
        .join_from(table, copies, copies.c.copy_id == table.c.copy_id)
        .join(volumes, volumes.c.volume_id == table.c.volume_id)
        .where(call.own(volumes.c.namespace))
    )
    for name in ("appliance", "copy_id"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    with call.reading() as connection:
        return page_of(connection, rows, [Order(table.c.job_id)], query, _show)


@spares.post("/losses", scope=Scope.OPERATE, errors=(5263, 5266))
def declare_loss(call: Call, body: Loss) -> WorkMoved:
    """Say that an appliance that fell silent does not come back: its work goes elsewhere.

    What it was given and may have burned is made by others. If it comes back, its jobs are
    cancelled, and what it has burned nevertheless counts as the copy or is listed as a spare.
    Copies that it holds verified go on counting.
    """
    with call.changing() as connection:
        return WorkMoved(declare_lost(connection, body.appliance, call.who, call.now))


def _show(row: sa.Row[tuple[object, ...]]) -> Spare:
    values = row._mapping
    return Spare(**{name: values[name] for name in Spare.__struct_fields__})
