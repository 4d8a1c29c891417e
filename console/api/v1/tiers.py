"""/api/v1/tiers: what is fast, long-term and offline, and what moved between these."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.store.schema import tier_moves as table
from console.tiers.overview import TiersView, tiers_view
from console.tiers.tier import MoveState

tiers = Resource("tiers", "Tiers: what is fast, long-term and offline, and what moved.")


class MoveQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    package_id: Key | None = None
    state: MoveState | None = None


class Move(Struct, frozen=True):
    """One move of a package; tiers are 1 fast, 2 long-term, 3 offline."""

    move_id: str
    package_id: str
    from_tier: int
    to_tier: int
    reason: str
    state: MoveState
    created_at: datetime
    done_at: datetime | None


@tiers.get("/tiers", scope=Scope.READ)
def show_tiers(call: Call) -> TiersView:
    """Show how much lies on each tier, and the room of the landing zone in bytes."""
    return tiers_view(call.workspace)


@tiers.get("/tiers/moves", scope=Scope.READ, errors=(5429,))
def list_moves(call: Call, query: MoveQuery) -> Page[Move]:
    """List moves between tiers, newest first."""
    rows = sa.select(table)
    if query.package_id is not None:
        rows = rows.where(table.c.package_id == query.package_id)
    if query.state is not None:
        rows = rows.where(table.c.state == query.state)
    newest = Order(table.c.move_id, descending=True)
    with call.reading() as connection:
        return page_of(connection, rows, [newest], query, _show)


def _show(row: sa.Row[tuple[object, ...]]) -> Move:
    return Move(
        row.move_id,
        row.package_id,
        row.from_tier,
        row.to_tier,
        row.reason,
        MoveState(row.state),
        row.created_at,
        row.done_at,
    )
