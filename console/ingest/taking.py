"""Taking one dossier in: every entry of its folder is landed, known already, or refused."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path
from appliance.volume.tool.folder import FoundFile, FoundFolder, LeftOut, SourceFolder
from console.ingest.dossiers import Dossier, Found
from console.ingest.packages import KnownFile, OpenPackage
from console.ingest.reasons import code_of, why_left_out
from console.ingest.refusals import Refusal
from console.ingest.report import IngestProgress
from console.ingest.session import Session
from console.store.landing import LandingError


@dataclass(slots=True)
class DossierIntake:
    """One dossier of an ingest. `known` is what its package held before."""

    session: Session
    progress: Callable[[IngestProgress], None]
    dossier: Dossier
    package: OpenPackage
    known: dict[str, KnownFile]
    reread: bool

    def take(self) -> Iterator[None]:
        """Take everything in; pauses after each entry, so that the batch may be flushed.

        Raises:
            LandingError: 3412.
        """
        try:
            with self.dossier.open() as source:
                mtime_ns = self.dossier.root.stat().st_mtime_ns
                self.session.add_folder(self.dossier.place, "", mtime_ns)
                for found in self.dossier.scan(source):
                    self._take_found(source, found)
                    yield
        except VolumeError as error:  # The folder itself; what concerns one file was refused.
            self._refuse("", code_of(error), error.message)

    def _take_found(self, source: SourceFolder, found: Found) -> None:
        if isinstance(found, FoundFolder):
            self.session.add_folder(self.dossier.place, found.path, found.mtime_ns)
        elif isinstance(found, LeftOut):
            self._refuse(found.path, *why_left_out(found))
        else:
            try:
                self._take_file(source, found, self.known.get(found.path))
            except LandingError:
                raise
            except (SteleError, VolumeError) as error:
                self._refuse(found.path, code_of(error), error.message)
            self.session.tally.count(found.size_bytes)
            self._show(found)

    def _take_file(self, source: SourceFolder, found: FoundFile, known: KnownFile | None) -> None:
        """Raises SteleError 3404, 3408, or VolumeError 3001, 3006, 3007."""
        if known is None:
            if not self.package.takes_new_files:
                state = self.package.state
                raise SteleError(3408, f"its dossier is {state} and takes no new files")
            check_path(f"{self.package.folder}/{found.path}")
        elif not self._wants_content(source, found, known):
            self.session.tally.files_known += 1
            return
        with source.open(found) as file:
            chunks = self._counted(file.chunks(), found)
            whole = self.dossier.source_path(found.path)
            self.session.take(self.dossier.place, found.path, found.mtime_ns, chunks, whole)

    def _wants_content(self, source: SourceFolder, found: FoundFile, known: KnownFile) -> bool:
        """Whether a known file's content is to be landed, again or in the place of another."""
        lacks_content = self.package.needs_content and not known.is_sound
        looks_same = (found.size_bytes, found.mtime_ns) == (known.size_bytes, known.mtime_ns)
        if looks_same and not lacks_content and not self.reread:
            return False
        if _sha256(source, found) == known.sha256:
            return lacks_content
        if self.package.takes_newer_contents:
            return True
        state = self.package.state
        raise SteleError(3404, f"its content differs from what the {state} dossier holds")

    def _counted(self, chunks: Iterator[memoryview], found: FoundFile) -> Iterator[memoryview]:
        """Show how a large file comes in."""
        done = 0
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if done < found.size_bytes:
                self._show(found, done)

    def _show(self, found: FoundFile, more_bytes: int = 0) -> None:
        self.progress(self.session.tally.progress(self.dossier.source_path(found.path), more_bytes))

    def _refuse(self, path: str, code: int, message: str) -> None:
        whole = self.dossier.source_path(path)
        self.session.refuse(self.dossier.place, Refusal(whole, code, message))


def _sha256(source: SourceFolder, found: FoundFile) -> str:
    digest = hashlib.sha256()
    with source.open(found) as file:
        for chunk in file.chunks():
            digest.update(chunk)
    return digest.hexdigest()
