"""One caller's work at an ingest: whatever source it reads from, files go this way."""

from collections.abc import Collection, Iterable

from appliance.contract.errors import SteleError
from console.catalogue.indexing import tidy
from console.ingest.arrangement import Place
from console.ingest.completion import close_packages
from console.ingest.intake_batch import IntakeBatch
from console.ingest.orders import Ingest
from console.ingest.package_book import PackageBook
from console.ingest.packages import OpenPackage
from console.ingest.refusals import Refusal
from console.ingest.report import Tally
from console.store.landing import Landed
from console.store.workspace import Workspace

TIDY_AFTER_FLUSHES = 20


class Session:
    """Takes files, folders and refusals of one ingest; others may do the same at the same time.

    Everything is written in batches. Left by an error, what was flushed stays.
    """

    def __init__(self, workspace: Workspace, ingest: Ingest) -> None:
        self.ingest = ingest
        self.tally = Tally()
        self._workspace = workspace
        self._book = PackageBook(workspace.store, ingest)
        self._batch = IntakeBatch(workspace, ingest, self._book)
        self._noted: dict[str, int] = {}
        self._to_close: list[str] = []
        self._flushes = 0

    def open(self, places: Iterable[Place]) -> dict[Place, OpenPackage | SteleError]:
        """Make or find packages together, which costs one sync."""
        with self._workspace.store.begin() as connection:
            return self._book.ensure(connection, places)

    def look(self, place: Place) -> OpenPackage | None:
        """The package of a dossier, if there is one; raises SteleError 3411, 3416."""
        return self._book.look(place)

    def take(
        self,
        place: Place,
        path: str,
        mtime_ns: int,
        chunks: Iterable[bytes | memoryview],
        whole: str,
    ) -> Landed:
        """Take a file of which all bytes are there; what it is counts when the batch is written.

        `whole` is its path below the ingest's root.

        Raises:
            LandingError: 3412; and whatever `chunks` raises: nothing of it stays then.
        """
        return self._batch.take(place, path, mtime_ns, chunks, whole)

    def add_folder(self, place: Place, path: str, mtime_ns: int) -> None:
        self._batch.add_folder(place, path, mtime_ns)

    def refuse(self, place: Place | None, refusal: Refusal) -> None:
        self._batch.refuse(place, refusal)
        self.tally.refuse(refusal)

    def close_soon(self, package_ids: Collection[str]) -> None:
        """Nothing more comes for these: they can be planned once the batch is written."""
        self._to_close += package_ids

    def flush_if_full(self) -> None:
        if self._batch.is_full:
            self.flush()

    def flush(self) -> None:
        """Write what was collected.

        Raises:
            SteleError: 3414 the ingest is over; LandingError: 3412.
        """
        now = self.tally.progress_row
        settled = self._batch.flush({k: v - self._noted.get(k, 0) for k, v in now.items()})
        self.tally.settle(settled)
        # What the batch itself refused or knew, it has noted itself.
        self._noted = self.tally.progress_row
        if self._to_close:
            close_packages(self._workspace.store, self.ingest.ingest_id, self._to_close)
            self._to_close = []
        self._flushes += 1
        if self._flushes % TIDY_AFTER_FLUSHES == 0:
            tidy(self._workspace.store)

    def discard(self) -> None:
        """Let go of what was not flushed."""
        self._batch.discard()
