"""What a sender says of files before they come: sizes, digests, titles, descriptions.

A file that is promised and does not come is refused by name when the ingest ends; one that comes
otherwise than its digest says is refused at once. What is said of a dossier (its year, retention,
description) stands under its title with '/' behind it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.catalogue.indexing import forget
from console.ingest.arrangement import Place
from console.ingest.package_book import in_parts
from console.ingest.packages import OpenPackage
from console.store.landing import Landed
from console.store.schema import notices, packages
from console.store.states import PackageState
from console.store.upsert import insert_into


class Notice(Struct, frozen=True):
    """What was said of one path. `details` of a dossier hold `year`, `retention`, `description`."""

    path: str
    is_promised: bool = False
    size_bytes: int | None = None
    sha256: str | None = None
    title: str | None = None
    details: dict[str, Any] | None = None

    @property
    def describes(self) -> bool:
        return self.title is not None or self.details is not None

    @property
    def columns(self) -> dict[str, Any]:
        """As columns of `files`."""
        return {"title": self.title or "", "description": self.details}

    def require(self, landed: Landed) -> None:
        """Pass if the content is what was announced.

        Raises:
            SteleError: 3413 another digest; 3415 another size.
        """
        if self.sha256 is not None and landed.sha256 != self.sha256:
            message = "its content does not have the digest that the sender gave"
            raise SteleError(3413, f"{message}: {landed.sha256} instead of {self.sha256}")
        if self.sha256 is None and self.size_bytes not in (None, landed.size_bytes):
            message = f"it has {landed.size_bytes:,} bytes"
            raise SteleError(3415, f"{message}, and {self.size_bytes:,} were announced")


def keep_notices(connection: sa.Connection, ingest_id: str, given: Collection[Notice]) -> None:
    """Note them; of what was said twice of one path the later counts, where it says something."""
    if not given:
        return
    insert = insert_into(connection, notices)
    said = insert.excluded
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["ingest_id", "path"],
            set_={
                "is_promised": said.is_promised | notices.c.is_promised,
                "size_bytes": sa.func.coalesce(said.size_bytes, notices.c.size_bytes),
                "sha256": sa.func.coalesce(said.sha256, notices.c.sha256),
                "title": sa.func.coalesce(said.title, notices.c.title),
                "details": sa.func.coalesce(said.details, notices.c.details),
            },
        ),
        [
            {
                "ingest_id": ingest_id,
                "path": one.path,
                "is_promised": one.is_promised,
                "size_bytes": one.size_bytes,
                "sha256": one.sha256,
                "title": one.title,
                "details": sa.null() if one.details is None else one.details,
            }
            for one in given
        ],
    )


def found_notices(
    connection: sa.Connection, ingest_id: str, paths: Iterable[str]
) -> dict[str, Notice]:
    """What was said of these paths."""
    found: dict[str, Notice] = {}
    if not _any(connection, ingest_id):
        return found
    for some in in_parts(list(paths)):
        query = sa.select(notices).where(notices.c.ingest_id == ingest_id, notices.c.path.in_(some))
        found.update((row.path, _notice(row)) for row in connection.execute(query))
    return found


def settle_notices(
    connection: sa.Connection, ingest_id: str, came: Mapping[str, Notice], refused: list[str]
) -> None:
    """Forget what was said of files that came, or were refused: their fate is known."""
    paths = [*came, *refused]
    if not paths or not _any(connection, ingest_id):
        return
    for some in in_parts(paths):
        connection.execute(
            notices.delete().where(notices.c.ingest_id == ingest_id, notices.c.path.in_(some))
        )


def apply_to_dossiers(
    connection: sa.Connection,
    ingest_id: str,
    found: Mapping[Place, OpenPackage | SteleError],
) -> None:
    """Give packages what was said of their dossiers; for SteleError see `describe_dossier`."""
    if not found or not _any(connection, ingest_id):
        return
    of_path = {f"{place.title}/": package for place, package in found.items()}
    told = found_notices(connection, ingest_id, list(of_path))
    for path, notice in told.items():
        package = of_path[path]
        if isinstance(package, OpenPackage) and describe_dossier(connection, package, notice):
            connection.execute(
                notices.delete().where(notices.c.ingest_id == ingest_id, notices.c.path == path)
            )


def describe_dossier(connection: sa.Connection, package: OpenPackage, notice: Notice) -> bool:
    """Write a dossier's year, retention and description; False when it may not change any more.

    Year and retention decide on which disc it goes, so they stay as they are once a plan has it.
    """
    values = dict(notice.details or {})
    if package.state not in (PackageState.OPEN, PackageState.LANDED) and (
        {"year", "retention"} & values.keys()
    ):
        return False
    if values:
        ours = packages.c.package_id == package.package_id
        connection.execute(packages.update().where(ours).values(**values))
        forget(connection, package.package_id)
    return True


def _any(connection: sa.Connection, ingest_id: str) -> bool:
    one = sa.select(notices.c.path).where(notices.c.ingest_id == ingest_id).limit(1)
    return connection.scalar(one) is not None


def _notice(row: Any) -> Notice:
    values = row._mapping
    return Notice(**{name: values[name] for name in Notice.__struct_fields__})
