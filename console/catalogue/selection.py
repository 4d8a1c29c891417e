"""Choosing what to restore: everything, a series, a dossier, or named files and folders."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.store.schema import blobs, files, folders, packages
from console.store.states import BlobState, PackageState


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person asked for. `names` are file ids, or paths as they stand in a restored tree."""

    fonds: str | None = None
    series: str | None = None
    dossier: str | None = None
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In a person's words."""
        parts = [
            f"{word} {value}"
            for word, value in (
                ("fonds", self.fonds),
                ("series", self.series),
                ("dossier", self.dossier),
            )
            if value is not None
        ]
        parts += self.names[:3] + (("…",) if len(self.names) > 3 else ())
        return ", ".join(parts) or "everything"


@dataclass(frozen=True, slots=True)
class ChosenFile:
    file_id: str
    package_id: str
    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    in_landing_zone: bool


@dataclass(frozen=True, slots=True)
class ChosenPackage:
    package_id: str
    fonds: str
    series: str
    folder: str
    restore_prefix: str


@dataclass(slots=True)
class Chosen:
    """Files, and folders as (package_id, path, mtime_ns), with the packages that they belong to."""

    packages: dict[str, ChosenPackage] = field(default_factory=dict)
    files: list[ChosenFile] = field(default_factory=list)
    folders: list[tuple[str, str, int]] = field(default_factory=list)


_LOOKED_UP = 500


def choose(connection: sa.Connection, selection: Selection) -> Chosen:
    """Every file and folder of a selection.

    Raises:
        SteleError: 5412 the archive holds nothing of it.
    """
    chosen = Chosen()
    seen: set[str] = set()

    def keep(row: sa.Row[Any]) -> None:
        _keep_package(chosen, row)
        if row.file_id not in seen:
            seen.add(row.file_id)
            chosen.files.append(_chosen_file(row))

    names = list(dict.fromkeys(selection.names))
    for begin in range(0, len(names), _LOOKED_UP):
        these = files.c.file_id.in_(names[begin : begin + _LOOKED_UP])
        for row in connection.execute(_files_query(selection, None).where(these)):
            keep(row)
    paths = [name for name in names if name not in seen]
    for name in paths if names else (None,):
        for row in connection.execute(_files_query(selection, name)):
            keep(row)
        for row in connection.execute(_folders_query(selection, name)):
            _keep_package(chosen, row)
            chosen.folders.append((row.package_id, row.path, row.mtime_ns))
    if not chosen.packages:
        raise SteleError(5412, f"the archive holds nothing of: {selection.text}")
    return chosen


_PLACE = (
    packages.c.package_id,
    packages.c.fonds,
    packages.c.series,
    packages.c.folder,
    packages.c.restore_prefix,
)


def _files_query(selection: Selection, name: str | None) -> sa.Select[Any]:
    landed = sa.exists().where(blobs.c.sha256 == files.c.sha256, blobs.c.state == BlobState.LANDED)
    columns = (
        files.c.file_id,
        files.c.path,
        files.c.size_bytes,
        files.c.mtime_ns,
        files.c.sha256,
        landed.label("in_landing_zone"),
    )
    query = sa.select(*columns, *_PLACE).join_from(files, packages).where(*_within(selection))
    if name is not None:
        query = query.where(_named(files, name))
    return query


def _folders_query(selection: Selection, name: str | None) -> sa.Select[Any]:
    columns = (folders.c.path, folders.c.mtime_ns)
    query = sa.select(*columns, *_PLACE).join_from(folders, packages).where(*_within(selection))
    return query if name is None else query.where(_named(folders, name))


def _within(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """What an unfinished ingest left is not offered."""
    wanted = [packages.c.state != PackageState.OPEN]
    for column, value in (
        (packages.c.fonds, selection.fonds),
        (packages.c.series, selection.series),
        (packages.c.dossier, selection.dossier),
    ):
        if value is not None:
            wanted.append(column == value)
    return wanted


def _named(table: sa.Table, name: str) -> sa.ColumnElement[bool]:
    """What stands at or below a path of the restored tree."""
    name = name.strip("/")
    first, _, rest = name.partition("/")
    inside = packages.c.restore_prefix == first
    beside = packages.c.restore_prefix == ""
    if rest:
        inside &= _at_or_below(table, rest)
    return sa.or_(inside, beside & _at_or_below(table, name))


def _at_or_below(table: sa.Table, path: str) -> sa.ColumnElement[bool]:
    return (table.c.path == path) | table.c.path.startswith(f"{path}/", autoescape=True)


def _keep_package(chosen: Chosen, row: sa.Row[Any]) -> None:
    if row.package_id not in chosen.packages:
        chosen.packages[row.package_id] = ChosenPackage(
            row.package_id, row.fonds, row.series, row.folder, row.restore_prefix
        )


def _chosen_file(row: sa.Row[Any]) -> ChosenFile:
    return ChosenFile(
        row.file_id,
        row.package_id,
        row.path,
        row.size_bytes,
        row.mtime_ns,
        row.sha256,
        bool(row.in_landing_zone),
    )
