"""Finding files and dossiers by name, in any script and whatever the case, and where they lie."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store.keys import search_key
from console.store.schema import blobs, copies, files, packages, volume_packages, volumes
from console.store.states import BlobState, CopyState


class CopyPlace(Struct, frozen=True):
    """One copy of a volume, and where its disc is at home."""

    copy_id: str
    role: str
    state: CopyState
    label: str
    appliance: str | None
    medium_id: str | None
    slot: str | None


class DossierHit(Struct, frozen=True):
    package_id: str
    fonds: str
    series: str
    dossier: str
    state: str
    files: int
    size_bytes: int
    copies: list[CopyPlace]


class FileHit(Struct, frozen=True):
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


class Found(Struct, frozen=True):
    """What a search gave; `more` says that the limit cut it off."""

    dossiers: list[DossierHit]
    files: list[FileHit]
    more: bool


def find(connection: sa.Connection, text: str, limit: int = 50) -> Found:
    """Dossiers whose fonds, series or title hold every word of `text`, and files whose path does.

    A file's words may also stand in its dossier's names, as long as one stands in its path.
    """
    words = search_key(text).split()
    if not words:
        return Found([], [], more=False)
    dossiers = _dossiers(connection, words, limit + 1)
    found = _files(connection, words, limit + 1)
    more = len(dossiers) > limit or len(found) > limit
    places = places_of(connection, {row.package_id for row in (*dossiers[:limit], *found[:limit])})
    return Found(
        [_dossier_hit(row, places[row.package_id]) for row in dossiers[:limit]],
        [_file_hit(row, places[row.package_id]) for row in found[:limit]],
        more,
    )


def places_of(
    connection: sa.Connection, package_ids: Collection[str]
) -> defaultdict[str, list[CopyPlace]]:
    """Every copy of each package."""
    query = (
        sa.select(volume_packages.c.package_id, volumes.c.label, copies)
        .join_from(volume_packages, volumes)
        .join(copies)
        .where(volume_packages.c.package_id.in_(package_ids))
        .order_by(volumes.c.label, copies.c.copy_id)
    )
    places: defaultdict[str, list[CopyPlace]] = defaultdict(list)
    for row in connection.execute(query):
        places[row.package_id].append(
            CopyPlace(
                row.copy_id,
                row.role,
                CopyState(row.state),
                row.label,
                row.appliance,
                row.medium_id,
                row.slot,
            )
        )
    return places


def _dossiers(connection: sa.Connection, words: list[str], limit: int) -> list[sa.Row[Any]]:
    matches = [packages.c.search_key.contains(word, autoescape=True) for word in words]
    query = sa.select(packages).where(*matches)
    order = (packages.c.fonds, packages.c.series, packages.c.dossier)
    return list(connection.execute(query.order_by(*order).limit(limit)).all())


def _files(connection: sa.Connection, words: list[str], limit: int) -> list[sa.Row[Any]]:
    in_path = [files.c.search_key.contains(word, autoescape=True) for word in words]
    anywhere = [
        sa.or_(match, packages.c.search_key.contains(word, autoescape=True))
        for match, word in zip(in_path, words, strict=True)
    ]
    landed = sa.exists().where(blobs.c.sha256 == files.c.sha256, blobs.c.state == BlobState.LANDED)
    query = (
        sa.select(
            files,
            packages.c.fonds,
            packages.c.series,
            packages.c.dossier,
            landed.label("in_landing_zone"),
        )
        .join_from(files, packages)
        .where(sa.or_(*in_path), *(anywhere if len(words) > 1 else []))
    )
    order = (packages.c.fonds, packages.c.series, packages.c.dossier, files.c.path)
    return list(connection.execute(query.order_by(*order).limit(limit)).all())


def _dossier_hit(row: sa.Row[Any], places: list[CopyPlace]) -> DossierHit:
    return DossierHit(
        row.package_id,
        row.fonds,
        row.series,
        row.dossier,
        row.state,
        row.files,
        row.size_bytes,
        places,
    )


def _file_hit(row: sa.Row[Any], places: list[CopyPlace]) -> FileHit:
    return FileHit(
        row.file_id,
        row.package_id,
        row.fonds,
        row.series,
        row.dossier,
        row.path,
        row.size_bytes,
        row.sha256,
        bool(row.in_landing_zone),
        places,
    )
