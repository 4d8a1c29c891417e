"""The archive level by level, each summed up: queries of which pages are made, single views."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.catalogue.places import CopyPlace, places_of
from console.store.schema import blobs, files, packages
from console.store.states import BlobState, PackageState

Description = dict[str, str | list[str]]


class FondsRow(Struct, frozen=True):
    """A fonds with all that is in it. `archived` dossiers have all their copies verified."""

    fonds: str
    series: int
    dossiers: int
    archived: int
    files: int
    size_bytes: int


class SeriesRow(Struct, frozen=True):
    """A series of a fonds with all that is in it."""

    fonds: str
    series: str
    dossiers: int
    archived: int
    files: int
    size_bytes: int


class DossierRow(Struct, frozen=True):
    """A dossier, which is kept as one package."""

    package_id: str
    namespace: str
    fonds: str
    series: str
    dossier: str
    state: PackageState
    year: int | None
    retention: str
    files: int
    size_bytes: int
    created_at: datetime


class DossierView(Struct, frozen=True):
    """A dossier with its description, and where its copies lie."""

    dossier: DossierRow
    description: Description
    copies: list[CopyPlace]


class ItemRow(Struct, frozen=True):
    """A file of a dossier; `in_landing_zone` says that it can be had without moving a disc."""

    file_id: str
    package_id: str
    path: str
    title: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    state: str
    in_landing_zone: bool


class ItemView(Struct, frozen=True):
    """A file with its description, its dossier, and where the copies of that lie."""

    item: ItemRow
    description: Description
    dossier: DossierRow
    copies: list[CopyPlace]


_p = packages.c
_SUMS = (
    sa.func.count().label("dossiers"),
    sa.func.sum(sa.case((_p.state == PackageState.ARCHIVED, 1), else_=0)).label("archived"),
    sa.func.sum(_p.files).label("files"),
    sa.func.sum(_p.size_bytes).label("size_bytes"),
)


def fonds_query(visible: sa.ColumnElement[bool]) -> sa.Subquery:
    """Each fonds; `visible` says which dossiers count."""
    distinct = sa.func.count(sa.distinct(_p.series)).label("series")
    query = sa.select(_p.fonds, distinct, *_SUMS).where(visible).group_by(_p.fonds)
    return query.subquery("fonds_summed")


def series_query(visible: sa.ColumnElement[bool]) -> sa.Subquery:
    """Each series of the dossiers that `visible` names."""
    query = sa.select(_p.fonds, _p.series, *_SUMS).where(visible).group_by(_p.fonds, _p.series)
    return query.subquery("series_summed")


def dossiers_query() -> sa.Select[Any]:
    return sa.select(*(_p[name] for name in DossierRow.__struct_fields__))


def items_query() -> sa.Select[Any]:
    landed = sa.exists().where(blobs.c.sha256 == files.c.sha256, blobs.c.state == BlobState.LANDED)
    names = (name for name in ItemRow.__struct_fields__ if name != "in_landing_zone")
    return sa.select(*(files.c[name] for name in names), landed.label("in_landing_zone"))


def show_sum(kind: type[FondsRow] | type[SeriesRow], row: Any) -> Any:
    """A row of `fonds_query` or `series_query`. PostgreSQL's sums are decimals."""
    values = {name: row._mapping[name] for name in kind.__struct_fields__}
    for name in ("dossiers", "archived", "files", "size_bytes"):
        values[name] = int(values[name])
    return kind(**values)


def show_dossier(row: Any) -> DossierRow:
    values = {name: row._mapping[name] for name in DossierRow.__struct_fields__}
    return DossierRow(**values | {"state": PackageState(row.state)})


def show_item(row: Any) -> ItemRow:
    values = {name: row._mapping[name] for name in ItemRow.__struct_fields__}
    return ItemRow(**values | {"in_landing_zone": bool(row.in_landing_zone)})


def dossier_view(connection: sa.Connection, package_id: str) -> DossierView:
    """One dossier.

    Raises:
        SteleError: 5426 there is none of that id.
    """
    query = dossiers_query().add_columns(_p.description).where(_p.package_id == package_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(5426, f"there is no dossier {package_id!r}")
    copies = places_of(connection, [package_id])[package_id]
    return DossierView(show_dossier(row), row.description or {}, copies)


def item_view(connection: sa.Connection, file_id: str) -> ItemView:
    """One file.

    Raises:
        SteleError: 5426 there is none of that id.
    """
    query = items_query().add_columns(files.c.description).where(files.c.file_id == file_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise SteleError(5426, f"there is no file {file_id!r}")
    above = dossier_view(connection, row.package_id)
    return ItemView(show_item(row), row.description or {}, above.dossier, above.copies)
