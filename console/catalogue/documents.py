"""What of a dossier and of a file is searched: each text in its search form."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from console.store.keys import search_key
from console.store.schema import files, packages

_ROWS_TOGETHER = 5_000

Description = Mapping[str, str | list[str]] | None


class DossierText(NamedTuple):
    """A dossier: what names it, what describes it, and by which values it can be chosen."""

    number: int | None
    package_id: str
    names: tuple[str, str, str]
    """Fonds, series and title."""
    description: str
    namespace: str
    year: int | None
    retention: str

    @property
    def text(self) -> str:
        return "\n".join((*self.names, self.description))

    @property
    def values(self) -> Iterator[str]:
        """Each as a term of its own."""
        yield value_term("fonds", self.names[0])
        yield value_term("series", self.names[1])
        yield value_term("namespace", self.namespace)
        if self.retention:
            yield value_term("retention", self.retention)
        if self.year is not None:
            yield from year_terms(self.year)


class FileText(NamedTuple):
    """A file: its path, and the item's title and description where the sender gave them."""

    number: int
    package_id: str
    path: str
    title: str
    description: str


# The first character of a term says where the text stands in a document.
OWN, DOSSIER, TITLE, DESCRIPTION = "o", "p", "t", "d"
"""Own: all of a dossier's text; a file's path, title and description."""
_VALUES = {"fonds": "F", "series": "S", "namespace": "N", "retention": "R"}
_YEAR = "Y"


def value_term(field: str, value: str) -> str:
    """The term of a whole value, which is in its search form."""
    return _VALUES[field] + value


def year_terms(year: int) -> list[str]:
    """The terms of a year, of its decade and of its century; none for years of other lengths."""
    return [f"{_YEAR}{year:04}"[:length] for length in (5, 4, 3)] if 0 <= year <= 9999 else []


def years_between(first: int, last: int) -> list[str]:
    """The terms that cover all years from first to last: whole centuries and decades where it can.

    `first` and `last` are from 0 to 9999.
    """
    terms: list[str] = []
    year = first
    while year <= last:
        for length, years in ((3, 100), (4, 10), (5, 1)):
            if year % years == 0 and year + years - 1 <= last:
                terms.append(f"{_YEAR}{year:04}"[:length])
                year += years
                break
    return terms


def described(description: Description) -> str:
    """A description's texts in their search form."""
    return search_key("\n".join(lines_of(description)))


def lines_of(description: Description) -> list[str]:
    """A description's texts, without the names of its elements."""
    lines: list[str] = []
    for value in (description or {}).values():
        lines += [value] if isinstance(value, str) else [str(part) for part in value]
    return lines


DOSSIER_COLUMNS = (
    packages.c.number,
    packages.c.package_id,
    packages.c.fonds,
    packages.c.series,
    packages.c.dossier,
    packages.c.description,
    packages.c.namespace,
    packages.c.year,
    packages.c.retention,
)
FILE_COLUMNS = (
    files.c.number,
    files.c.package_id,
    files.c.search_key,
    files.c.title,
    files.c.description,
)


def dossier_text(row: Any) -> DossierText:
    """From a row of DOSSIER_COLUMNS."""
    return DossierText(
        row.number,
        row.package_id,
        (search_key(row.fonds), search_key(row.series), search_key(row.dossier)),
        described(row.description),
        search_key(row.namespace),
        row.year,
        search_key(row.retention),
    )


def file_text(row: Any) -> FileText:
    """From a row of FILE_COLUMNS."""
    number, package_id, path, title, description = row
    return FileText(
        number,
        package_id,
        path,
        search_key(title) if title else "",
        described(description) if description else "",
    )


def read_files(connection: sa.Connection, first: int, last: int) -> Iterator[FileText]:
    """The files that have these numbers, in their order."""
    query = sa.select(*FILE_COLUMNS).where(files.c.number.between(first, last))
    for rows in connection.execute(query.order_by(files.c.number)).partitions(_ROWS_TOGETHER):
        yield from map(file_text, rows)


def read_dossiers(connection: sa.Connection, first: int, last: int) -> Iterator[DossierText]:
    """The dossiers that have these numbers, in their order."""
    query = sa.select(*DOSSIER_COLUMNS).where(packages.c.number.between(first, last))
    for rows in connection.execute(query.order_by(packages.c.number)).partitions(_ROWS_TOGETHER):
        yield from map(dossier_text, rows)


def dossiers_by_id(connection: sa.Connection, package_ids: list[str]) -> dict[str, DossierText]:
    found: dict[str, DossierText] = {}
    for start in range(0, len(package_ids), 500):
        wanted = packages.c.package_id.in_(package_ids[start : start + 500])
        for row in connection.execute(sa.select(*DOSSIER_COLUMNS).where(wanted)):
            found[row.package_id] = dossier_text(row)
    return found
