"""/api/v1/appliances: the fleet, one appliance, its slots."""

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.api.rest.paging import read_cursor, write_cursor
from console.overview.appliances import (
    ApplianceParts,
    ApplianceRow,
    SlotRow,
    appliances_query,
    read_appliance,
    read_slots,
    show_appliance,
)
from console.store.schema import appliances as table

appliances = Resource("appliances", "Appliances: the fleet as it last reported.")


class ApplianceQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    site: Key | None = None
    online: bool | None = None


class SlotQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: MediumKind | None = None
    state: Key | None = None
    """A state of the slot."""
    medium_state: Key | None = None


@appliances.get("/appliances", scope=Scope.READ, errors=(5429,))
def list_appliances(call: Call, query: ApplianceQuery) -> Page[ApplianceRow]:
    """List every appliance that was ever heard, by site and name."""
    rows = appliances_query(site=query.site, online=query.online)
    with call.reading() as connection:
        return page_of(connection, rows, [Order(table.c.appliance)], query, show_appliance)


@appliances.get("/appliances/{site}/{name}", scope=Scope.READ)
def show_one_appliance(call: Call, site: Key, name: Key) -> ApplianceParts:
    """Show one appliance with its parts: robots, drives, bays, magazines, air, doors."""
    with call.reading() as connection:
        found = read_appliance(connection, f"{site}/{name}")
    if found is None:
        raise SteleError(5426, f"no appliance {site}/{name} has reported")
    return found


@appliances.get("/appliances/{site}/{name}/slots", scope=Scope.READ, errors=(5429,))
def list_slots(call: Call, site: Key, name: Key, query: SlotQuery) -> Page[SlotRow]:
    """List an appliance's slots in its own order, with the media whose home they are."""
    begin = 0 if query.after is None else read_cursor(query.after, (int,))[0]
    with call.reading() as connection:
        slots = read_slots(connection, f"{site}/{name}")
    if slots is None:
        raise SteleError(5426, f"no appliance {site}/{name} has reported")
    wanted = [(at, slot) for at, slot in enumerate(slots) if at >= begin and _fits(slot, query)]
    more = wanted[query.limit : query.limit + 1]
    page = [slot for _, slot in wanted[: query.limit]]
    return Page(page, write_cursor([more[0][0]]) if more else None)


def _fits(slot: SlotRow, query: SlotQuery) -> bool:
    return (
        query.kind in (None, slot.kind)
        and query.state in (None, slot.state)
        and query.medium_state in (None, slot.medium_state)
    )
