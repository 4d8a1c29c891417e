"""The end of an ingest: its packages summed up, what was promised and did not come, the report."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.volume.plan import DossierRef
from appliance.volume.sizing import package_sectors
from console.catalogue.indexing import catch_up, forget_file
from console.ingest.crossings import part_crossings
from console.ingest.notices import Notice, describe_dossier
from console.ingest.orders import GOES_ON, Ingest
from console.ingest.package_book import PackageBook
from console.ingest.packages import close, contents, read_package
from console.ingest.reasons import NEVER_FILES
from console.ingest.report import IngestReport, read_report
from console.store.engine import reading
from console.store.ids import new_id
from console.store.schema import files, ingest_packages, ingests, notices, refusals
from console.store.states import IngestState
from console.store.workspace import Workspace

_TOGETHER = 100
_NOTICES_TOGETHER = 500


def complete_ingest(workspace: Workspace, ingest: Ingest) -> IngestReport:
    """End an ingest; what it brought can be planned then. Doing it twice changes nothing.

    Raises:
        SteleError: 5412 there is no such ingest.
    """
    while _settle_left_over_notices(workspace, ingest):
        pass
    while True:
        with reading(workspace.store).connect() as connection:
            left = connection.scalars(_unclosed(ingest.ingest_id).limit(_TOGETHER)).all()
        if left:
            close_packages(workspace.store, ingest.ingest_id, left)
        elif _end(workspace, ingest.ingest_id):
            break
    catch_up(workspace.store)
    with reading(workspace.store).connect() as connection:
        return read_report(connection, ingest.ingest_id)


def close_packages(store: sa.Engine, ingest_id: str, package_ids: Collection[str]) -> None:
    """Sum packages up and let them be planned."""
    with store.begin() as connection:
        for package_id in sorted(set(package_ids)):
            _close(connection, ingest_id, package_id)


def _unclosed(ingest_id: str) -> sa.Select[Any]:
    return sa.select(ingest_packages.c.package_id).where(
        ingest_packages.c.ingest_id == ingest_id, ingest_packages.c.is_closed.is_(False)
    )


def _end(workspace: Workspace, ingest_id: str) -> bool:
    """Mark it as ended; False when somebody has added to it meanwhile."""
    with workspace.store.begin() as connection:
        ours = ingests.c.ingest_id == ingest_id
        row = connection.execute(sa.select(ingests).where(ours).with_for_update()).one()
        if row.state not in GOES_ON:
            return True
        if connection.scalar(_unclosed(ingest_id).limit(1)) is not None:
            return False
        state = IngestState.PARTLY if row.files_refused else IngestState.DONE
        ended = {"state": state, "ended_at": datetime.now(UTC)}
        connection.execute(
            ingests.update().where(ours).values(**ended, error_code=None, error_message=None)
        )
    return True


def _close(connection: sa.Connection, ingest_id: str, package_id: str) -> None:
    package = read_package(connection, package_id)
    _refuse(
        connection,
        ingest_id,
        [
            (f"{package.dossier}/{one.path}", SteleError(one.code, one.message))
            for one in part_crossings(connection, package_id)
        ],
    )
    entries, empty_folders = contents(connection, package_id)
    if entries or not _may_get_more(connection, ingest_id, package_id):
        ref = DossierRef(package_id, package.dossier, package.folder)
        sectors = package_sectors(
            entries, empty_folders, folder=package.folder, dossier=ref, digests=package.digests
        )
        close(connection, package_id, sectors)
    connection.execute(
        ingest_packages.update()
        .where(ingest_packages.c.ingest_id == ingest_id, ingest_packages.c.package_id == package_id)
        .values(is_closed=True)
    )


def _may_get_more(connection: sa.Connection, ingest_id: str, package_id: str) -> bool:
    """Nothing of it came in though there was something: it stays open for the next try."""
    lost = sa.select(refusals.c.refusal_id).where(
        refusals.c.ingest_id == ingest_id,
        refusals.c.package_id == package_id,
        refusals.c.code.not_in(NEVER_FILES),
    )
    return connection.scalar(lost.limit(1)) is not None


def _settle_left_over_notices(workspace: Workspace, ingest: Ingest) -> int:
    """What was said of files and dossiers that brought nothing new; returns how many there were."""
    ours = notices.c.ingest_id == ingest.ingest_id
    query = sa.select(notices).where(ours).order_by(notices.c.path).limit(_NOTICES_TOGETHER)
    with workspace.store.begin() as connection:
        state = sa.select(ingests.c.state).where(ingests.c.ingest_id == ingest.ingest_id)
        if connection.scalar(state.with_for_update()) not in GOES_ON:
            return 0
        rows = connection.execute(query).all()
        book = PackageBook(workspace.store, ingest)
        failed = []
        for row in rows:
            values = row._mapping
            notice = Notice(**{name: values[name] for name in Notice.__struct_fields__})
            try:
                _settle_left_over(connection, ingest, book, notice)
            except SteleError as error:
                failed.append((notice.path, error))
        _refuse(connection, ingest.ingest_id, failed)
        paths = [row.path for row in rows]
        connection.execute(notices.delete().where(ours, notices.c.path.in_(paths)))
    return len(rows)


def _settle_left_over(
    connection: sa.Connection, ingest: Ingest, book: PackageBook, notice: Notice
) -> None:
    """Raises SteleError 3408, 3411, 3416, 3418, 3419."""
    if notice.path.endswith("/"):
        package = book.by_title(connection, notice.path[:-1])
        if package is None:
            raise SteleError(3419, "it is described, and there is no such dossier")
        if not describe_dossier(connection, package, notice):
            message = f"the dossier is {package.state}: its year and retention stay as they are"
            raise SteleError(3408, message)
        return
    place, path = ingest.arrangement.place(notice.path)
    package = book.look_within(connection, place)
    known = None
    if package is not None:
        query = sa.select(files.c.file_id, files.c.sha256).where(
            files.c.package_id == package.package_id, files.c.path == path
        )
        known = connection.execute(query).one_or_none()
    if notice.is_promised and (known is None or known.sha256 != (notice.sha256 or known.sha256)):
        raise SteleError(3418, "it was announced and did not come")
    if known is None:
        raise SteleError(3419, "it is described, and there is no such file")
    if notice.describes:
        connection.execute(
            files.update().where(files.c.file_id == known.file_id).values(**notice.columns)
        )
        forget_file(connection, known.file_id)


def _refuse(
    connection: sa.Connection, ingest_id: str, failed: list[tuple[str, SteleError]]
) -> None:
    if not failed:
        return
    connection.execute(
        refusals.insert(),
        [
            {
                "refusal_id": new_id("rf"),
                "ingest_id": ingest_id,
                "package_id": None,
                "path": path,
                "code": error.code,
                "message": error.message,
            }
            for path, error in failed
        ],
    )
    more = {"files_refused": ingests.c.files_refused + len(failed)}
    connection.execute(ingests.update().where(ingests.c.ingest_id == ingest_id).values(**more))
