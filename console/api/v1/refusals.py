"""/api/v1/refusals: what ingests left out, and why."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.store.schema import ingests
from console.store.schema import refusals as table

refusals = Resource("refusals", "Refusals: files that ingests left out, and why.")


class RefusalQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ingest_id: Key | None = None
    package_id: Key | None = None


class RefusalRow(Struct, frozen=True):
    """A file that was left out. `path` is below the ingest's root, in name text."""

    refusal_id: str
    ingest_id: str
    package_id: str | None
    path: str
    code: int
    message: str


@refusals.get("/refusals", scope=(Scope.READ, Scope.INGEST), errors=(5429,), namespaced=True)
def list_refusals(call: Call, query: RefusalQuery) -> Page[RefusalRow]:
    """List what was left out, newest first; of one ingest or package, or of all."""
    rows = (
        sa.select(table)
        .join_from(table, ingests, ingests.c.ingest_id == table.c.ingest_id)
        .where(call.own(ingests.c.namespace))
    )
    for name in ("ingest_id", "package_id"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    newest = Order(table.c.refusal_id, descending=True)
    with call.reading() as connection:
        return page_of(connection, rows, [newest], query, _show)


def _show(row: Any) -> RefusalRow:
    values = row._mapping
    return RefusalRow(**{name: values[name] for name in RefusalRow.__struct_fields__})
