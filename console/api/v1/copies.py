"""/api/v1/copies: volumes on media, made or to be made; another attempt at those that failed."""

from typing import Annotated

from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.dispatch.copies import given_up, retry
from console.overview.media import CopyDetail, copies_query, show_copy
from console.store.schema import copies as table
from console.store.schema import volumes
from console.store.states import CopyState

copies = Resource("copies", "Copies: volumes on media, made or to be made.")


class CopyQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: Annotated[tuple[CopyState, ...], Meta(max_length=len(CopyState))] = ()
    role: Key | None = None
    medium_kind: MediumKind | None = None
    appliance: Key | None = None
    volume_id: Key | None = None
    medium_id: Key | None = None


class RetryOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """The copies to try again; without any, all that were given up."""

    copies: Annotated[list[Key], Meta(max_length=10_000)] = []


class Retried(Struct, frozen=True):
    """The ids of the copies that are wanted again."""

    copies: list[str]


@copies.get("/copies", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_copies(call: Call, query: CopyQuery) -> Page[CopyDetail]:
    """List copies, oldest first; of several states when `state` is given more than once."""
    rows = copies_query().where(call.own(volumes.c.namespace))
    if query.state:
        rows = rows.where(table.c.state.in_(query.state))
    for name in ("role", "medium_kind", "appliance", "volume_id", "medium_id"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    with call.reading() as connection:
        return page_of(connection, rows, [Order(table.c.copy_id)], query, show_copy)


@copies.get("/copies/{copy_id}", scope=Scope.READ, namespaced=True)
def show_one_copy(call: Call, copy_id: Key) -> CopyDetail:
    """Show one copy."""
    one = copies_query().where(table.c.copy_id == copy_id, call.own(volumes.c.namespace))
    with call.reading() as connection:
        row = connection.execute(one).first()
    if row is None:
        raise SteleError(5426, f"there is no copy {copy_id!r}")
    return show_copy(row)


@copies.post("/retries", scope=Scope.OPERATE, errors=(5262,))
def retry_copies(call: Call, body: RetryOrder) -> Retried:
    """Let copies be made again that were given up; all of them, or none if one cannot be."""
    with call.changing() as connection:
        wanted = list(dict.fromkeys(body.copies)) or given_up(connection)
        if not wanted:
            raise SteleError(5262, "no copy was given up")
        for copy_id in wanted:
            retry(connection, copy_id, call.now)
    return Retried(wanted)
