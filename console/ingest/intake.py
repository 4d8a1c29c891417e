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
from pathlib import Path

from appliance.contract.errors import SteleError, info_of
from appliance.volume.names import text_from_bytes
from console.ingest.completion import complete_ingest
from console.ingest.dossiers import Dossier, find_dossiers
from console.ingest.orders import Ingest, NewIngest, begin_ingest, note_failure
from console.ingest.packages import OpenPackage, known_files
from console.ingest.refusals import Refusal
from console.ingest.report import IngestOrder, IngestProgress, IngestReport
from console.ingest.session import Session
from console.ingest.taking import DossierIntake
from console.store.engine import reading
from console.store.schema import ingests
from console.store.workspace import Workspace

DOSSIERS_TOGETHER = 100

Progress = Callable[[IngestProgress], None]


def ingest(
    workspace: Workspace, order: IngestOrder, progress: Progress = lambda _: None
) -> IngestReport:
    """Take a folder in; returns when everything is in the landing zone or refused.

    Raises:
        SteleError: 3410 the folder cannot be read or holds the data folder; 3411 a bad title;
            5203, 5204 the policy. Nothing was taken in then.
        LandingError: 3412 the landing zone is full; what was flushed stays.
    """
    find_dossiers(order.source, order.dossier)
    _check_source(workspace, order.source)
    what = NewIngest(
        order.fonds,
        order.series,
        order.namespace,
        order.dossier,
        text_from_bytes(os.fsencode(order.source.absolute())),
        order.policy,
    )
    begun = begin_ingest(workspace, what, order.by)
    take_folder(workspace, begun, order.source, reread=order.reread, progress=progress)
    return complete_ingest(workspace, begun)


def take_folder(
    workspace: Workspace,
    begun: Ingest,
    source: Path,
    *,
    reread: bool = False,
    progress: Progress = lambda _: None,
) -> None:
    """Take a folder of this machine into an ingest that was begun; errors as of `ingest`."""
    dossiers = find_dossiers(source, begun.dossier)
    _check_source(workspace, source)
    run = _FolderRun(workspace, begun, progress, reread=reread)
    try:
        run.count(dossiers)
        for start in range(0, len(dossiers), DOSSIERS_TOGETHER):
            run.take(dossiers[start : start + DOSSIERS_TOGETHER])
        run.session.flush()
    except BaseException as error:
        run.session.discard()
        info = info_of(error)
        note_failure(workspace.store, begun.ingest_id, info.code, info.message)
        raise


def _check_source(workspace: Workspace, source: Path) -> None:
    if workspace.data.resolve().is_relative_to(source.resolve()):
        raise SteleError(3410, f"{source} holds the console's own data folder {workspace.data}")


class _FolderRun:
    """A folder as a source of an ingest."""

    def __init__(
        self, workspace: Workspace, begun: Ingest, progress: Progress, *, reread: bool
    ) -> None:
        self.session = Session(workspace, begun)
        self._workspace = workspace
        self._progress = progress
        self._reread = reread

    def count(self, dossiers: list[Dossier]) -> None:
        """Look at everything once, so that progress has an end."""
        tally = self.session.tally
        for dossier in dossiers:
            files, size_bytes = dossier.total()
            tally.files_total += files
            tally.bytes_total += size_bytes
        totals = {"files_total": tally.files_total, "bytes_total": tally.bytes_total}
        ours = ingests.c.ingest_id == self.session.ingest.ingest_id
        with self._workspace.store.begin() as connection:
            connection.execute(ingests.update().where(ours).values(**totals))

    def take(self, dossiers: list[Dossier]) -> None:
        """Take some dossiers in; their packages are made together, which costs one sync."""
        opened = self.session.open(dossier.place for dossier in dossiers)
        for dossier in dossiers:
            package = opened[dossier.place]
            if isinstance(package, OpenPackage):
                self._take_dossier(dossier, package)
            else:
                refusal = Refusal(dossier.source_path(""), package.code, package.message)
                self.session.refuse(None, refusal)

    def _take_dossier(self, dossier: Dossier, package: OpenPackage) -> None:
        with reading(self._workspace.store).connect() as connection:
            known = known_files(connection, package.package_id)
        taking = DossierIntake(self.session, self._progress, dossier, package, known, self._reread)
        for _ in taking.take():
            self.session.flush_if_full()
        self.session.close_soon([package.package_id])
