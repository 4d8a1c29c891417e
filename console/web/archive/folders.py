"""What lies directly in one folder of a dossier, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from console.store import schema as s

PAGE_ROWS = 200
_files, _folders = s.files.c, s.folders.c


@dataclass(frozen=True, slots=True)
class Subfolder:
    """A folder with the files anywhere below it."""

    name: str
    path: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FolderPage:
    """One folder of a dossier: all its subfolders, and a page of the `total` files in it."""

    folders: list[Subfolder]
    files: Sequence[sa.RowMapping]
    total: int
    is_kept: bool
    """Whether the folder itself is recorded, so that it exists even when nothing is in it."""


def folder_page(
    connection: sa.Connection, package_id: str, folder: str, offset: int = 0
) -> FolderPage:
    """What lies directly in `folder` of a dossier, files from `offset` on; '' is the dossier."""
    prefix = f"{folder}/" if folder else ""
    rest = sa.func.substr(_files.path, len(prefix) + 1)
    here = _below(s.files, package_id, prefix) & (_position(connection, rest) == 0)
    files = sa.select(s.files).where(here).order_by(_files.path).offset(offset).limit(PAGE_ROWS)
    kept = sa.select(_folders.path).where(
        _folders.package_id == package_id, _folders.path == folder
    )
    return FolderPage(
        folders=_subfolders(connection, package_id, prefix),
        files=connection.execute(files).mappings().all(),
        total=connection.scalar(sa.select(sa.func.count()).select_from(s.files).where(here)) or 0,
        is_kept=connection.scalar(kept) is not None,
    )


def _subfolders(connection: sa.Connection, package_id: str, prefix: str) -> list[Subfolder]:
    rest = sa.func.substr(_files.path, len(prefix) + 1)
    slash = _position(connection, rest)
    name = sa.func.substr(rest, 1, slash - 1)
    query = (
        sa.select(name, sa.func.count(), sa.func.sum(_files.size_bytes))
        .where(_below(s.files, package_id, prefix), slash > 0)
        .group_by(name)
    )
    sums = {row[0]: (row[1], int(row[2])) for row in connection.execute(query)}
    # Folders that hold nothing are kept too, so they are shown.
    kept = sa.select(_folders.path).where(_below(s.folders, package_id, prefix))
    for path in connection.scalars(kept):
        if below := path[len(prefix) :]:
            sums.setdefault(below.partition("/")[0], (0, 0))
    return [Subfolder(n, prefix + n, files, size) for n, (files, size) in sorted(sums.items())]


def _below(table: sa.Table, package_id: str, prefix: str) -> sa.ColumnElement[bool]:
    # Not LIKE: names that differ only in case are different names.
    starts = sa.func.substr(table.c.path, 1, len(prefix)) == prefix
    return sa.and_(table.c.package_id == package_id, starts)


def _position(connection: sa.Connection, text: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """Where the first '/' stands in a text, from 1; 0 when there is none."""
    name = "instr" if connection.dialect.name == "sqlite" else "strpos"
    found: sa.ColumnElement[int] = getattr(sa.func, name)(text, "/", type_=sa.Integer)
    return found
