"""Taking a folder in, dossier by dossier, every file hashed on its way into the landing zone.

A file that cannot be taken is refused with a number and a reason, and the rest goes on. Running
the same ingest again, after a crash or a success, takes in what is missing and nothing twice:

- a file that the package has already, with the same size and modification time, is not read again
  (unless `reread` is asked for, or the landing zone has lost or damaged its content);
- one with another content is refused, because what has landed may be on a disc already. Only while
  its package is still open, after an ingest that was cut short, does the newer content replace it;
- a new file is added as long as its package is in no plan, and refused afterwards.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from appliance.contract.errors import SteleError, info_of
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path, text_from_bytes
from appliance.volume.plan import DossierRef
from appliance.volume.sizing import package_sectors
from appliance.volume.tool.folder import FoundFile, FoundFolder, LeftOut, SourceFolder
from console.ingest.dossiers import Dossier, Found, find_dossiers
from console.ingest.intake_batch import IntakeBatch
from console.ingest.packages import (
    KnownFile,
    OpenPackage,
    close,
    contents,
    find_or_make,
    known_files,
)
from console.ingest.reasons import code_of, why_left_out
from console.ingest.refusals import Refusal
from console.ingest.report import IngestOrder, IngestProgress, IngestReport, Tally
from console.ingest.titles import check_title
from console.planner.policy import Policy
from console.store.engine import reading
from console.store.ids import new_id
from console.store.landing import LandingError
from console.store.policies import load_policy, register_policy
from console.store.schema import ingests
from console.store.states import IngestState, PackageState
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
    policy = load_policy(workspace, order.policy or workspace.config.archive.policy)
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
        policy: Policy,
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
            register_policy(connection, self._policy)
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
        return find_or_make(connection, place, dossier.folder, dossier.restore_prefix, self._policy)

    def _take_dossier(self, dossier: Dossier, package: OpenPackage) -> None:
        with reading(self._workspace.store).connect() as connection:
            known = known_files(connection, package.package_id)
        self._tally.packages.append(package.package_id)
        lost_before = self._tally.files_lost
        try:
            with dossier.open() as source:
                self._batch.add_folder(package.package_id, "", dossier.root.stat().st_mtime_ns)
                for found in dossier.scan(source):
                    self._take_found(package, dossier, source, found, known)
        except VolumeError as error:  # The folder itself; what concerns one file was refused.
            self._refuse(package, dossier, "", 3407, error.message)
        self._read_to_end[package] = self._tally.files_lost > lost_before

    def _flush(self) -> None:
        """Write what was collected; packages that were read to their end can be planned then."""
        self._batch.flush(self._tally.progress_row)
        with self._workspace.store.begin() as connection:
            for package, may_get_more in self._read_to_end.items():
                _close(connection, package, may_get_more=may_get_more)
        self._read_to_end.clear()

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

    def _take_found(
        self,
        package: OpenPackage,
        dossier: Dossier,
        source: SourceFolder,
        found: Found,
        known: dict[str, KnownFile],
    ) -> None:
        """One entry of the source: taken in, or refused with its reason."""
        if isinstance(found, FoundFolder):
            self._batch.add_folder(package.package_id, found.path, found.mtime_ns)
        elif isinstance(found, LeftOut):
            self._refuse(package, dossier, found.path, *why_left_out(found))
        else:
            try:
                self._take_file(package, source, found, known.get(found.path))
            except LandingError:
                raise
            except (SteleError, VolumeError) as error:
                self._refuse(package, dossier, found.path, code_of(error), error.message)
            self._tally.files_done += 1
            self._tally.bytes_done += found.size_bytes
            self._progress(self._tally.progress(dossier.source_path(found.path)))
        if self._batch.is_full:
            self._flush()

    def _take_file(
        self, package: OpenPackage, source: SourceFolder, found: FoundFile, known: KnownFile | None
    ) -> None:
        """Raises SteleError 3404, 3408, or VolumeError 3001, 3006, 3007."""
        if known is None:
            if not package.takes_new_files:
                raise SteleError(3408, f"its dossier is {package.state} and takes no new files")
            check_path(f"{package.folder}/{found.path}")
        elif not self._wants_content(package, source, found, known):
            self._tally.files_known += 1
            return
        with source.open(found) as file:
            chunks = self._counted(file.chunks(), found)
            landed = self._batch.take(package, found.path, found.mtime_ns, chunks, known)
        self._tally.files_taken += 1
        self._tally.bytes_taken += landed.size_bytes

    def _counted(self, chunks: Iterator[memoryview], found: FoundFile) -> Iterator[memoryview]:
        """Show how a large file comes in."""
        done = 0
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if done < found.size_bytes:
                self._progress(self._tally.progress(found.path, done))

    def _wants_content(
        self, package: OpenPackage, source: SourceFolder, found: FoundFile, known: KnownFile
    ) -> bool:
        """Whether a known file's content is to be landed, again or in the place of another."""
        lacks_content = package.needs_content and not known.is_sound
        looks_same = (found.size_bytes, found.mtime_ns) == (known.size_bytes, known.mtime_ns)
        if looks_same and not lacks_content and not self._order.reread:
            return False
        if _sha256(source, found) == known.sha256:
            return lacks_content
        if package.state is PackageState.OPEN:
            return True
        raise SteleError(3404, f"its content differs from what the {package.state} dossier holds")

    def _refuse(
        self, package: OpenPackage, dossier: Dossier, path: str, code: int, message: str
    ) -> None:
        whole = dossier.source_path(path)
        self._batch.refuse(package.package_id, whole, code, message)
        self._tally.refuse(Refusal(whole, code, message))

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


def _sha256(source: SourceFolder, found: FoundFile) -> str:
    digest = hashlib.sha256()
    with source.open(found) as file:
        for chunk in file.chunks():
            digest.update(chunk)
    return digest.hexdigest()
