"""Taking a folder in, dossier by dossier, every file hashed on its way into the landing zone.

A file that cannot be taken is refused with a number and a reason, and the rest goes on. Running
the same ingest again, after a crash or a success, takes in what is missing and nothing twice:

- a file that the package has already, with the same size and modification time, is not read again
  (unless `reread` is asked for, or the landing zone has lost or damaged its content);
- one with another content is refused, because what has landed may be on a disc already. Only while
  its package is still open, after an ingest that was cut short, does the newer content replace it;
- a new file is added as long as its package is in no plan, and refused afterwards.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from appliance.contract.errors import SteleError, info_of
from appliance.volume.names import text_from_bytes
from appliance.volume.plan import DossierRef
from appliance.volume.sizing import package_sectors
from console.catalogue.indexing import tidy
from console.ingest.dossiers import Dossier, find_dossiers
from console.ingest.intake_batch import IntakeBatch
from console.ingest.packages import (
    OpenPackage,
    close,
    contents,
    find_or_make,
    known_files,
)
from console.ingest.report import IngestOrder, IngestProgress, IngestReport, Tally
from console.ingest.taking import DossierIntake
from console.ingest.titles import check_title
from console.rules.register import FoundPolicy, find_policy, register_policy
from console.store.engine import reading
from console.store.ids import new_id
from console.store.schema import ingests
from console.store.states import IngestState
from console.store.workspace import Workspace

DOSSIERS_TOGETHER = 100


def ingest(
    workspace: Workspace,
    order: IngestOrder,
    progress: Callable[[IngestProgress], None] = lambda _: None,
) -> IngestReport:
    """Take a folder in; returns when everything is in the landing zone or refused.

    Raises:
        SteleError: 3410 the folder cannot be read or holds the data folder; 3411 a bad title;
            5203, 5204 the policy. Nothing was taken in then.
        LandingError: 3412 the landing zone is full; what was flushed stays.
    """
    check_title("fonds", order.fonds)
    check_title("series", order.series)
    dossiers = find_dossiers(order.source, order.dossier)
    _check_source(workspace, order.source)
    policy = find_policy(workspace, order.policy or workspace.config.archive.policy)
    workspace.landing.sweep()
    intake = _Intake(workspace, order, policy, progress)
    intake.begin()
    try:
        intake.count(dossiers)
        for start in range(0, len(dossiers), DOSSIERS_TOGETHER):
            intake.take(dossiers[start : start + DOSSIERS_TOGETHER])
        return intake.end()
    except BaseException as error:
        intake.fail(error)
        raise


def _check_source(workspace: Workspace, source: Path) -> None:
    if workspace.data.resolve().is_relative_to(source.resolve()):
        raise SteleError(3410, f"{source} holds the console's own data folder {workspace.data}")


class _Intake:
    """One run of an ingest: its tally, and the batch under way."""

    def __init__(
        self,
        workspace: Workspace,
        order: IngestOrder,
        policy: FoundPolicy,
        progress: Callable[[IngestProgress], None],
    ) -> None:
        self._workspace = workspace
        self._order = order
        self._policy = policy
        self._progress = progress
        self._ingest_id = new_id("in")
        self._batch = IntakeBatch(workspace, self._ingest_id)
        self._tally = Tally()
        self._read_to_end: dict[OpenPackage, bool] = {}
        """Packages whose last files wait in the batch, and whether a later try may bring more."""

    def begin(self) -> None:
        with self._workspace.store.begin() as connection:
            register_policy(connection, self._policy.policy, self._policy.text)
            what = {
                "source": text_from_bytes(os.fsencode(self._order.source.absolute())),
                "fonds": self._order.fonds,
                "series": self._order.series,
            }
            _close_cut_short(connection, what)
            connection.execute(
                ingests.insert(),
                {
                    **what,
                    "ingest_id": self._ingest_id,
                    "state": IngestState.RUNNING,
                    "started_at": datetime.now(UTC),
                },
            )

    def count(self, dossiers: list[Dossier]) -> None:
        """Look at everything once, so that progress has an end."""
        tally = self._tally
        for dossier in dossiers:
            files, size_bytes = dossier.total()
            tally.files_total += files
            tally.bytes_total += size_bytes
        self._write(files_total=tally.files_total, bytes_total=tally.bytes_total)

    def take(self, dossiers: list[Dossier]) -> None:
        """Take some dossiers in; their packages are made together, which costs one sync."""
        with self._workspace.store.begin() as connection:
            opened = [self._open(connection, dossier) for dossier in dossiers]
        for dossier, package in zip(dossiers, opened, strict=True):
            self._take_dossier(dossier, package)

    def _open(self, connection: sa.Connection, dossier: Dossier) -> OpenPackage:
        place = (self._order.fonds, self._order.series, dossier.title)
        return find_or_make(
            connection, place, dossier.folder, dossier.restore_prefix, self._policy.policy
        )

    def _take_dossier(self, dossier: Dossier, package: OpenPackage) -> None:
        with reading(self._workspace.store).connect() as connection:
            known = known_files(connection, package.package_id)
        self._tally.packages.append(package.package_id)
        lost_before = self._tally.files_lost
        taking = DossierIntake(
            self._batch, self._tally, self._progress, dossier, package, known, self._order.reread
        )
        for _ in taking.take():
            if self._batch.is_full:
                self._flush()
        self._read_to_end[package] = self._tally.files_lost > lost_before

    def _flush(self) -> None:
        """Write what was collected; packages that were read to their end can be planned then."""
        self._batch.flush(self._tally.progress_row)
        with self._workspace.store.begin() as connection:
            for package, may_get_more in self._read_to_end.items():
                _close(connection, package, may_get_more=may_get_more)
        self._read_to_end.clear()
        tidy(self._workspace.store)

    def end(self) -> IngestReport:
        self._flush()
        report = self._tally.report(self._ingest_id)
        self._write(state=report.state, ended_at=datetime.now(UTC), **self._tally.progress_row)
        return report

    def fail(self, error: BaseException) -> None:
        """Note in the store why this run ended early; what was flushed stays."""
        self._batch.discard()
        info = info_of(error)
        self._write(
            state=IngestState.FAILED,
            ended_at=datetime.now(UTC),
            error_code=info.code,
            error_message=info.message,
        )

    def _write(self, **values: object) -> None:
        with self._workspace.store.begin() as connection:
            connection.execute(
                ingests.update().where(ingests.c.ingest_id == self._ingest_id).values(**values)
            )


def _close_cut_short(connection: sa.Connection, what: dict[str, str]) -> None:
    """An earlier run of the same ingest that was killed could not say so itself."""
    connection.execute(
        ingests.update()
        .where(*(ingests.c[name] == value for name, value in what.items()))
        .where(ingests.c.state == IngestState.RUNNING)
        .values(state=IngestState.FAILED, error_message="it was cut short")
    )


def _close(connection: sa.Connection, package: OpenPackage, *, may_get_more: bool) -> None:
    entries, empty_folders = contents(connection, package.package_id)
    if may_get_more and not entries:
        return  # Nothing of it came in: it stays open for the next try.
    ref = DossierRef(package.package_id, package.dossier, package.folder)
    sectors = package_sectors(
        entries, empty_folders, folder=package.folder, dossier=ref, digests=package.digests
    )
    close(connection, package.package_id, sectors)
