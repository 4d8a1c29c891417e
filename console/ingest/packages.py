"""Packages in the store while an ingest works on them: opened, filled, closed.

What makes an ingest idempotent: a package is its fonds, series and dossier; a file in it is its
path; its content is its digest. Whatever was there before is recognised and not taken twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.ingest.arrangement import Place
from console.ingest.orders import Ingest
from console.ingest.titles import free_folder
from console.rules.policy import Policy, policy_from_document
from console.store.ids import new_id
from console.store.keys import search_key
from console.store.schema import (
    blobs,
    files,
    folders,
    packages,
    policies,
    volume_packages,
    volumes,
)
from console.store.states import BlobState, FileState, PackageState, VolumeState
from console.store.upsert import insert_into


class OpenPackage(Struct, frozen=True):
    """A package as an ingest found or made it."""

    package_id: str
    state: PackageState
    dossier: str
    folder: str
    digests: tuple[str, ...]
    """What its policy asks to be computed of every file."""
    namespace: str
    was_open: bool = False
    """Whether an ingest had left it unfinished when this one first met it, or it is new."""

    @property
    def takes_new_files(self) -> bool:
        """A damaged one may be part of a plan; it takes them again when it is sound."""
        return self.state in (PackageState.OPEN, PackageState.LANDED)

    @property
    def takes_newer_contents(self) -> bool:
        """Nothing of it was promised yet."""
        return self.was_open and self.state is PackageState.OPEN

    @property
    def needs_content(self) -> bool:
        """Whether the landing zone must hold all of it: its copies are not all verified."""
        return self.state is not PackageState.ARCHIVED


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that the package has already. `is_sound`: the landing zone holds its content."""

    file_id: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    is_sound: bool


def find_package(connection: sa.Connection, where: tuple[str, str, str]) -> OpenPackage | None:
    """The package of a fonds, series and dossier."""
    fonds, series, dossier = where
    in_series = (packages.c.fonds == fonds) & (packages.c.series == series)
    query = sa.select(packages, policies.c.document).join(policies)
    row = connection.execute(query.where(in_series, packages.c.dossier == dossier)).one_or_none()
    return None if row is None else _open_package(row)


def read_package(connection: sa.Connection, package_id: str) -> OpenPackage:
    """The package of an id."""
    query = sa.select(packages, policies.c.document).join(policies)
    return _open_package(connection.execute(query.where(packages.c.package_id == package_id)).one())


def _open_package(row: sa.Row[Any]) -> OpenPackage:
    return OpenPackage(
        row.package_id,
        PackageState(row.state),
        row.dossier,
        row.folder,
        tuple(policy_from_document(row.document).digests.value),
        row.namespace,
    )


def make_package(
    connection: sa.Connection, ingest: Ingest, place: Place, policy: Policy
) -> OpenPackage:
    """A new package, open and empty; or the one of its name that came in meanwhile."""
    in_series = (packages.c.fonds == ingest.fonds) & (packages.c.series == ingest.series)
    like = packages.c.folder.startswith(place.folder, autoescape=True)
    taken = connection.scalars(sa.select(packages.c.folder).where(in_series, like)).all()
    folder = free_folder(place.folder, taken)
    insert = insert_into(connection, packages).on_conflict_do_nothing()
    made = connection.execute(
        insert,
        {
            "package_id": (package_id := new_id("pk")),
            "fonds": ingest.fonds,
            "series": ingest.series,
            "dossier": place.title,
            "folder": folder,
            "restore_prefix": place.restore_prefix,
            "policy_id": policy.policy_id,
            "state": PackageState.OPEN,
            "search_key": search_key(f"{ingest.fonds}\n{ingest.series}\n{place.title}"),
            "created_at": datetime.now(UTC),
            "namespace": ingest.namespace,
        },
    )
    if not made.rowcount:
        found = find_package(connection, (ingest.fonds, ingest.series, place.title))
        if found is None or found.namespace != ingest.namespace:
            raise SteleError(3417, f"the dossier {place.title!r} is coming in elsewhere just now")
        return found
    digests = tuple(policy.digests.value)
    return OpenPackage(
        package_id, PackageState.OPEN, place.title, folder, digests, ingest.namespace
    )


def known_files(
    connection: sa.Connection, package_id: str, paths: Collection[str] | None = None
) -> dict[str, KnownFile]:
    """The files of a package by their paths: those of `paths` (not too many), or all."""
    query = (
        sa.select(
            files.c.path,
            files.c.file_id,
            files.c.size_bytes,
            files.c.mtime_ns,
            files.c.sha256,
            sa.func.coalesce(blobs.c.state, "") == BlobState.LANDED,
        )
        .outerjoin_from(files, blobs, files.c.sha256 == blobs.c.sha256)
        .where(files.c.package_id == package_id)
    )
    if paths is not None:
        query = query.where(files.c.path.in_(paths))
    return {
        path: KnownFile(file_id, size_bytes, mtime_ns, sha256, bool(is_sound))
        for path, file_id, size_bytes, mtime_ns, sha256, is_sound in connection.execute(query)
    }


def reopen(connection: sa.Connection, package_id: str) -> None:
    """No plan may take a package that is being added to."""
    connection.execute(
        packages.update()
        .where(packages.c.package_id == package_id, packages.c.state == PackageState.LANDED)
        .values(state=PackageState.OPEN)
    )


def close(connection: sa.Connection, package_id: str, sectors: int) -> PackageState:
    """Sum up a package whose source was read to its end, and let it be planned.

    A package with a damaged file stays damaged. One whose volume is under way is planned again.
    """
    row = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(files.c.size_bytes), 0),
            sa.func.count().filter(files.c.state == FileState.DAMAGED),
        ).where(files.c.package_id == package_id)
    ).one()
    state = _closed_state(connection, package_id, damaged=row[2] > 0)
    connection.execute(
        packages.update()
        .where(packages.c.package_id == package_id)
        .values(files=row[0], size_bytes=int(row[1]), sectors=sectors, state=state)
    )
    return state


def contents(connection: sa.Connection, package_id: str) -> tuple[list[tuple[str, int]], list[str]]:
    """Paths and sizes of a package's files, and its empty folders, below its own folder.

    That folder itself is implied.
    """
    entries = [
        (row.path, row.size_bytes)
        for row in connection.execute(
            sa.select(files.c.path, files.c.size_bytes).where(files.c.package_id == package_id)
        )
    ]
    every = connection.scalars(
        sa.select(folders.c.path).where(folders.c.package_id == package_id)
    ).all()
    used = {path.rpartition("/")[0] for path, _ in entries}
    used |= {path.rpartition("/")[0] for path in every if path}
    return entries, [path for path in every if path and path not in used]


def _closed_state(connection: sa.Connection, package_id: str, *, damaged: bool) -> PackageState:
    now = connection.scalar(sa.select(packages.c.state).where(packages.c.package_id == package_id))
    if now == PackageState.ARCHIVED:
        return PackageState.ARCHIVED
    if damaged:
        return PackageState.DAMAGED
    under_way = connection.scalar(
        sa.select(sa.func.count())
        .select_from(volume_packages.join(volumes))
        .where(
            volume_packages.c.package_id == package_id,
            volumes.c.state.in_([VolumeState.PLANNED, VolumeState.APPROVED]),
        )
    )
    return PackageState.PLANNED if under_way else PackageState.LANDED
