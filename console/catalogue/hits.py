"""Documents that an index named: read, compared with the query, and shown with what matched."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs

from console.catalogue.agreement import Fragment, dossier_agrees, file_agrees, fragments
from console.catalogue.documents import (
    DOSSIER_COLUMNS,
    FILE_COLUMNS,
    DossierText,
    dossier_text,
    dossiers_by_id,
    file_text,
    lines_of,
)
from console.catalogue.places import CopyPlace, places_of
from console.catalogue.query import Query
from console.catalogue.walk import Cursor
from console.store.schema import blobs, files, packages
from console.store.states import BlobState


class DossierHit(Struct, frozen=True, tag="dossier", tag_field="kind"):
    package_id: str
    fonds: str
    series: str
    dossier: str
    state: str
    files: int
    size_bytes: int
    copies: list[CopyPlace]
    namespace: str
    year: int | None
    fragments: list[Fragment]


class FileHit(Struct, frozen=True, tag="file", tag_field="kind"):
    """A file; `in_landing_zone` says that it can be had without moving a disc."""

    file_id: str
    package_id: str
    fonds: str
    series: str
    dossier: str
    path: str
    size_bytes: int
    sha256: str
    in_landing_zone: bool
    copies: list[CopyPlace]
    namespace: str
    title: str
    fragments: list[Fragment]


Hit = DossierHit | FileHit

_DOSSIERS = sa.select(*DOSSIER_COLUMNS, packages.c.state, packages.c.files, packages.c.size_bytes)
_FILES = sa.select(
    *FILE_COLUMNS,
    files.c.file_id,
    files.c.path,
    files.c.size_bytes,
    files.c.sha256,
    *(packages.c[name] for name in ("fonds", "series", "dossier", "namespace")),
    packages.c.description.label("dossier_description"),
).join_from(files, packages)


class Looker:
    """Looks at candidates of one query. It remembers the dossiers of the files that it has seen."""

    def __init__(
        self, connection: sa.Connection, query: Query, namespaces: Collection[str] | None
    ) -> None:
        self._connection = connection
        self._query = query
        self._namespaces = namespaces
        self._dossiers: dict[str, DossierText] = {}

    def hits(self, candidates: Sequence[Cursor]) -> list[tuple[Cursor, Hit]]:
        """Those candidates that match, in their order; `complete` adds what is only shown."""
        numbers = defaultdict(list)
        for candidate in candidates:
            numbers[candidate.kind].append(candidate.number)
        found = {("dossier", hit[0]): hit[1] for hit in self._dossier_hits(numbers["dossier"])}
        found |= {("file", hit[0]): hit[1] for hit in self._file_hits(numbers["file"])}
        keys = ((candidate, (candidate.kind, candidate.number)) for candidate in candidates)
        return [(candidate, found[key]) for candidate, key in keys if key in found]

    def _dossier_hits(self, numbers: list[int]) -> list[tuple[int, Hit]]:
        if not numbers:
            return []
        rows = self._connection.execute(_DOSSIERS.where(packages.c.number.in_(numbers)))
        return [
            (row.number, self._dossier_hit(row))
            for row in rows
            if self._is_open(row) and dossier_agrees(self._query, dossier_text(row))
        ]

    def _dossier_hit(self, row: Any) -> DossierHit:
        texts = [("dossier", row.dossier), ("series", row.series), ("fonds", row.fonds)]
        texts[:0] = [("title", row.dossier)] if self._asks_for("title") else []
        texts += [("description", line) for line in lines_of(row.description)]
        return DossierHit(
            row.package_id,
            row.fonds,
            row.series,
            row.dossier,
            row.state,
            row.files,
            row.size_bytes,
            [],
            row.namespace,
            row.year,
            fragments(self._query, texts),
        )

    def _file_hits(self, numbers: list[int]) -> list[tuple[int, Hit]]:
        if not numbers:
            return []
        rows = self._connection.execute(_FILES.where(files.c.number.in_(numbers))).all()
        unknown = {row.package_id for row in rows} - self._dossiers.keys()
        self._dossiers |= dossiers_by_id(self._connection, list(unknown))
        return [
            (row.number, self._file_hit(row))
            for row in rows
            if self._is_open(row)
            and file_agrees(self._query, file_text(row[:5]), self._dossiers[row.package_id])
        ]

    def _file_hit(self, row: Any) -> FileHit:
        texts = [("path", row.path), ("title", row.title)]
        texts += [("description", line) for line in lines_of(row.description)]
        texts += [("dossier", row.dossier), ("series", row.series), ("fonds", row.fonds)]
        texts += [("description", line) for line in lines_of(row.dossier_description)]
        return FileHit(
            row.file_id,
            row.package_id,
            row.fonds,
            row.series,
            row.dossier,
            row.path,
            row.size_bytes,
            row.sha256,
            False,
            [],
            row.namespace,
            row.title,
            fragments(self._query, texts),
        )

    def _is_open(self, row: Any) -> bool:
        """The index knows namespaces in their search form, in which two may be the same."""
        return self._namespaces is None or row.namespace in self._namespaces

    def _asks_for(self, field: str) -> bool:
        return any(word.field == field for word in self._query.words)

    def complete(self, hits: list[Hit]) -> list[Hit]:
        """Hits with the places of their copies, and whether the landing zone has them."""
        places = places_of(self._connection, {hit.package_id for hit in hits})
        digests = {hit.sha256 for hit in hits if isinstance(hit, FileHit)}
        landed = set(
            self._connection.scalars(
                sa.select(blobs.c.sha256).where(
                    blobs.c.sha256.in_(digests), blobs.c.state == BlobState.LANDED
                )
            )
        )
        return [
            structs.replace(
                hit,
                copies=places[hit.package_id],
                **({"in_landing_zone": hit.sha256 in landed} if isinstance(hit, FileHit) else {}),
            )
            for hit in hits
        ]
