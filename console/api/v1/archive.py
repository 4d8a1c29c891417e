"""/api/v1/search, /fonds, /series, /dossiers, /files: what the archive holds."""

from functools import partial
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.catalogue import browse
from console.catalogue.browse import (
    DossierRow,
    DossierView,
    FondsRow,
    ItemRow,
    ItemView,
    SeriesRow,
)
from console.catalogue.indexing import Standing, standing
from console.catalogue.query import CHARACTERS_MAX, Kind
from console.catalogue.search import DossierHit, FileHit, search
from console.catalogue.walk import KINDS
from console.store.schema import files, packages
from console.store.states import PackageState

archive = Resource("archive", "The archive: searching it, and going through it level by level.")

Name = Annotated[str, Meta(min_length=1, max_length=255)]
"""Of a fonds, series or dossier."""


class SearchQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    q: Annotated[str, Meta(max_length=CHARACTERS_MAX)]
    """Words, "phrases" and fields; `docs/console.md`, section Find."""
    kind: Kind | None = None


class SeriesQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fonds: Name | None = None


class DossierQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fonds: Name | None = None
    series: Name | None = None
    namespace: Key | None = None
    state: PackageState | None = None


@archive.get(
    "/search", scope=(Scope.READ, Scope.RETRIEVE), errors=(5310, 5311, 5312), namespaced=True
)
def search_archive(call: Call, query: SearchQuery) -> Page[DossierHit | FileHit]:
    """Find dossiers and files.

    Dossiers come first. A page may have fewer hits than its limit, or none, and still a `next`:
    a search that has looked at very much in vain goes on with the following page.
    """
    with call.reading() as connection:
        found = search(
            connection,
            query.q,
            kinds=(query.kind,) if query.kind else KINDS,
            namespaces=call.principal.namespaces,
            limit=query.limit,
            after=query.after,
        )
    return Page(found.items, found.next)


@archive.get("/search/standing", scope=Scope.READ)
def show_standing(call: Call) -> Standing:
    """Show how far the index of searches is."""
    with call.reading() as connection:
        return standing(connection)


@archive.get("/fonds", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_fonds(call: Call, query: PageQuery) -> Page[FondsRow]:
    """List the fonds, each summed up."""
    sums = browse.fonds_query(call.own(packages.c.namespace))
    by = [Order(sums.c.fonds)]
    with call.reading() as connection:
        return page_of(connection, sa.select(sums), by, query, partial(browse.show_sum, FondsRow))


@archive.get("/series", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_series(call: Call, query: SeriesQuery) -> Page[SeriesRow]:
    """List the series of a fonds or of all, each summed up."""
    visible = call.own(packages.c.namespace)
    if query.fonds is not None:
        visible &= packages.c.fonds == query.fonds
    sums = browse.series_query(visible)
    by = [Order(sums.c.fonds), Order(sums.c.series)]
    with call.reading() as connection:
        return page_of(connection, sa.select(sums), by, query, partial(browse.show_sum, SeriesRow))


@archive.get("/dossiers", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_dossiers(call: Call, query: DossierQuery) -> Page[DossierRow]:
    """List dossiers by fonds, series and title."""
    rows = browse.dossiers_query().where(call.own(packages.c.namespace))
    for name in ("fonds", "series", "namespace", "state"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(packages.c[name] == wanted)
    by = [Order(packages.c[name]) for name in ("fonds", "series", "dossier")]
    with call.reading() as connection:
        return page_of(connection, rows, by, query, browse.show_dossier)


@archive.get("/dossiers/{package_id}", scope=Scope.READ, namespaced=True)
def show_dossier(call: Call, package_id: Key) -> DossierView:
    """Show a dossier, its description, and where its copies lie."""
    with call.reading() as connection:
        found = browse.dossier_view(connection, package_id)
    call.principal.needs_namespace(found.dossier.namespace)
    return found


@archive.get("/dossiers/{package_id}/items", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_items(call: Call, package_id: Key, query: PageQuery) -> Page[ItemRow]:
    """List the files of a dossier by their paths."""
    rows = browse.items_query().where(files.c.package_id == package_id)
    with call.reading() as connection:
        call.principal.needs_namespace(
            browse.dossier_view(connection, package_id).dossier.namespace
        )
        return page_of(connection, rows, [Order(files.c.path)], query, browse.show_item)


@archive.get("/files/{file_id}", scope=Scope.READ, namespaced=True)
def show_file(call: Call, file_id: Key) -> ItemView:
    """Show a file, its description, its dossier, and where the copies lie."""
    with call.reading() as connection:
        found = browse.item_view(connection, file_id)
    call.principal.needs_namespace(found.dossier.namespace)
    return found
