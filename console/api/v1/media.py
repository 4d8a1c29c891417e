"""/api/v1/media: where each medium is, and what is on it."""

from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind, MediumState
from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.overview.media import (
    CopyDetail,
    MediumRow,
    copies_query,
    media_query,
    show_copy,
    show_medium,
)
from console.store.schema import copies as copies_table
from console.store.schema import media as table

media = Resource("media", "Media: discs, disks and tapes, where each is and what is on it.")


class MediumQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    appliance: Key | None = None
    kind: MediumKind | None = None
    state: MediumState | None = None
    volume_id: Key | None = None
    magazine_id: Key | None = None


class MediumDetail(Struct, frozen=True):
    """A medium and the copies that it holds or is to hold."""

    medium: MediumRow
    copies: list[CopyDetail]


@media.get("/media", scope=Scope.READ, errors=(5429,))
def list_media(call: Call, query: MediumQuery) -> Page[MediumRow]:
    """List media by id."""
    rows = media_query()
    for name in ("appliance", "kind", "state", "volume_id", "magazine_id"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    with call.reading() as connection:
        return page_of(connection, rows, [Order(table.c.medium_id)], query, show_medium)


@media.get("/media/{medium_id}", scope=Scope.READ)
def show_one_medium(call: Call, medium_id: Key) -> MediumDetail:
    """Show one medium with the copies that it holds."""
    with call.reading() as connection:
        row = connection.execute(media_query().where(table.c.medium_id == medium_id)).first()
        if row is None:
            raise SteleError(5426, f"no medium {medium_id!r} was ever told of")
        held = copies_query().where(copies_table.c.medium_id == medium_id)
        found = connection.execute(held.order_by(copies_table.c.copy_id).limit(1000))
        return MediumDetail(show_medium(row), [show_copy(copy) for copy in found])
