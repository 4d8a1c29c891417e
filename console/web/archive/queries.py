"""What the store knows of the archive: its tree, its search, where each file's copies lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from console.store import schema as s
from console.store.states import BlobState, CopyState, PackageState
from console.web.archive.folders import PAGE_ROWS


@dataclass(frozen=True, slots=True)
class Branch:
    """One series of a fonds, summed up."""

    fonds: str
    series: str
    dossiers: int
    files: int
    size_bytes: int
    archived: int
    """How many of its dossiers have all their copies verified."""


@dataclass(frozen=True, slots=True)
class Totals:
    dossiers: int
    files: int
    size_bytes: int
    volumes: int
    verified_copies: int


def totals(connection: sa.Connection) -> Totals:
    """The archive in five numbers."""
    packages = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(s.packages.c.files), 0),
            sa.func.coalesce(sa.func.sum(s.packages.c.size_bytes), 0),
        ).select_from(s.packages)
    ).one()
    volumes = connection.scalar(sa.select(sa.func.count()).select_from(s.volumes)) or 0
    verified = connection.scalar(
        sa.select(sa.func.count())
        .select_from(s.copies)
        .where(s.copies.c.state == CopyState.VERIFIED)
    )
    return Totals(packages[0], int(packages[1]), int(packages[2]), volumes, verified or 0)


def branches(connection: sa.Connection) -> list[Branch]:
    """Every series, by fonds."""
    p = s.packages.c
    query = (
        sa.select(
            p.fonds,
            p.series,
            sa.func.count(),
            sa.func.sum(p.files),
            sa.func.sum(p.size_bytes),
            sa.func.sum(sa.case((p.state == PackageState.ARCHIVED, 1), else_=0)),
        )
        .group_by(p.fonds, p.series)
        .order_by(p.fonds, p.series)
    )
    return [
        Branch(r[0], r[1], r[2], int(r[3]), int(r[4]), int(r[5])) for r in connection.execute(query)
    ]


def dossiers(
    connection: sa.Connection, fonds: str, series: str, offset: int = 0
) -> Sequence[sa.RowMapping]:
    """The dossiers of a series from `offset` on: a page of them, and one more if there is."""
    query = (
        sa.select(s.packages)
        .where(s.packages.c.fonds == fonds, s.packages.c.series == series)
        .order_by(s.packages.c.dossier)
        .offset(offset)
        .limit(PAGE_ROWS + 1)
    )
    return connection.execute(query).mappings().all()


def package(connection: sa.Connection, package_id: str) -> sa.RowMapping | None:
    query = sa.select(s.packages).where(s.packages.c.package_id == package_id)
    return connection.execute(query).mappings().one_or_none()


def file(connection: sa.Connection, file_id: str) -> sa.RowMapping | None:
    """One file with its dossier and where its bytes can be had at once."""
    p = s.packages.c
    query = (
        sa.select(
            s.files,
            p.fonds,
            p.series,
            p.dossier,
            p.folder,
            (s.blobs.c.state == BlobState.LANDED).label("is_landed"),
            s.delivered.c.expires_at,
        )
        .join_from(s.files, s.packages, p.package_id == s.files.c.package_id)
        .outerjoin(s.blobs, s.blobs.c.sha256 == s.files.c.sha256)
        .outerjoin(s.delivered, s.delivered.c.sha256 == s.files.c.sha256)
        .where(s.files.c.file_id == file_id)
    )
    return connection.execute(query).mappings().one_or_none()


def copies(connection: sa.Connection, package_id: str) -> Sequence[sa.RowMapping]:
    """Every copy of the volumes that hold a dossier, with its disc's place now."""
    query = (
        sa.select(s.copies, s.volumes.c.label, s.media.c.home_slot, s.media.c.place)
        .select_from(
            s.volume_packages.join(
                s.volumes, s.volumes.c.volume_id == s.volume_packages.c.volume_id
            )
            .join(s.copies, s.copies.c.volume_id == s.volumes.c.volume_id)
            .outerjoin(s.media, s.media.c.medium_id == s.copies.c.medium_id)
        )
        .where(s.volume_packages.c.package_id == package_id)
        .order_by(s.volumes.c.label, s.copies.c.role.desc())
    )
    return connection.execute(query).mappings().all()


def has_verified_copy(connection: sa.Connection, file_row: sa.RowMapping) -> bool:
    """Whether some disc holds the file's dossier, read back and agreed."""
    return any(
        row["state"] == CopyState.VERIFIED for row in copies(connection, file_row["package_id"])
    )


def files_to_fetch(connection: sa.Connection, package_id: str) -> list[str]:
    """The files of a dossier whose bytes are only on discs."""
    query = (
        sa.select(s.files.c.file_id)
        .outerjoin_from(s.files, s.blobs, s.blobs.c.sha256 == s.files.c.sha256)
        .outerjoin(s.delivered, s.delivered.c.sha256 == s.files.c.sha256)
        .where(
            s.files.c.package_id == package_id,
            sa.func.coalesce(s.blobs.c.state, "") != BlobState.LANDED,
            s.delivered.c.sha256.is_(None),
        )
    )
    return list(connection.scalars(query))
