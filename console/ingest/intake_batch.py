"""Files on their way into landing zone and store, in batches: contents first, then their rows.

A batch is one transaction of the store around one commit of the landing zone. Killed at any
moment, the store never names a content that the landing zone does not hold. What a file is (new,
known, healed, refused) is decided in that transaction, so that two who bring the same file at once,
in whatever processes, end up with one.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from console.catalogue.indexing import index_files, index_new
from console.catalogue.segments import allot
from console.ingest.arrangement import Place
from console.ingest.notices import apply_to_dossiers, found_notices, settle_notices
from console.ingest.orders import Ingest, note_progress
from console.ingest.package_book import PackageBook, in_parts
from console.ingest.packages import OpenPackage, reopen
from console.ingest.refusals import Refusal
from console.ingest.report import Settled
from console.ingest.settling import Arrival, Settlement
from console.store.ids import new_id
from console.store.landing import Batch, Landed
from console.store.schema import blobs, files, folders, refusals
from console.store.states import BlobState
from console.store.upsert import insert_into
from console.store.workspace import Workspace

FILES_MAX = 1_000
BYTES_MAX = 256 << 20


class IntakeBatch:
    """Collects what an ingest takes in and writes it whenever it has grown large enough."""

    def __init__(self, workspace: Workspace, ingest: Ingest, book: PackageBook) -> None:
        self._workspace = workspace
        self._ingest = ingest
        self._book = book
        self._batch: Batch = workspace.landing.batch()
        self._clear()

    def _clear(self) -> None:
        self._arrivals: dict[tuple[Place, str], Arrival] = {}
        self._folders: dict[tuple[Place, str], int] = {}
        self._refusals: list[tuple[Place | None, Refusal]] = []
        self._put: set[str] = set()

    def take(
        self,
        place: Place,
        path: str,
        mtime_ns: int,
        chunks: Iterable[bytes | memoryview],
        whole: str,
    ) -> Landed:
        """Take a whole file; `whole` is its path below the ingest's root."""
        landed = self._batch.put(chunks, self._book.digests(place))
        self._put.add(landed.sha256)
        self._arrivals[place, path] = Arrival(place, path, mtime_ns, landed, whole)
        return landed

    def add_folder(self, place: Place, path: str, mtime_ns: int) -> None:
        self._folders[place, path] = mtime_ns

    def refuse(self, place: Place | None, refusal: Refusal) -> None:
        self._refusals.append((place, refusal))

    @property
    def is_empty(self) -> bool:
        return not (self._arrivals or self._folders or self._refusals)

    @property
    def is_full(self) -> bool:
        rows = len(self._arrivals) + len(self._folders) + len(self._refusals)
        return rows >= FILES_MAX or self._batch.size_bytes >= BYTES_MAX

    def flush(self, progress: dict[str, int]) -> Settled:
        """Write everything collected; `progress` is added to the columns of `ingests`.

        Raises:
            SteleError: 3414 the ingest is over; nothing is written then.
        """
        ingest_id = self._ingest.ingest_id
        self._batch.stage()  # what takes long, before the store is locked
        with self._workspace.store.begin() as connection:
            note_progress(connection, ingest_id, progress)
            places = {place for place, _ in (*self._arrivals, *self._folders)}
            places |= {place for place, _ in self._refusals if place and self._book.knows(place)}
            packages = self._book.ensure(connection, places)
            told = found_notices(connection, ingest_id, [a.whole for a in self._arrivals.values()])
            settlement = Settlement(connection, packages, told)
            settlement.settle(self._arrivals.values())
            landed = self._landed_already(connection, settlement.contents)
            self._batch.commit(known=landed | (self._put - settlement.contents.keys()))
            self._write_contents(connection, settlement.contents)
            for package_id in sorted(settlement.grown):
                reopen(connection, package_id)
            self._book.unclose(connection, packages.values())
            # Before the files: the index takes these in with what their dossiers say.
            apply_to_dossiers(connection, ingest_id, packages)
            self._write_folders(connection, packages)
            self._write_files(connection, settlement)
            left_out = [*self._refusals, *settlement.refusals]
            self._write_refusals(connection, left_out, packages)
            settle_notices(connection, ingest_id, told, [r.path for _, r in left_out])
            note_progress(connection, ingest_id, settlement.figures)
            index_new(connection, "dossier")
            index_new(connection, "file")
        self._clear()
        return Settled(
            settlement.files_taken,
            settlement.bytes_taken,
            settlement.files_known,
            [refusal for _, refusal in settlement.refusals],
        )

    def discard(self) -> None:
        """Let go of what was not flushed."""
        self._batch.discard()
        self._clear()

    def _landed_already(self, connection: sa.Connection, wanted: Collection[str]) -> set[str]:
        """Which contents need not be written: locked until the batch is, so none is released."""
        found: set[str] = set()
        for some in in_parts(sorted(wanted)):
            query = sa.select(blobs.c.sha256).where(
                blobs.c.sha256.in_(some), blobs.c.state == BlobState.LANDED
            )
            found.update(connection.scalars(query.with_for_update()))
        return found

    def _write_contents(self, connection: sa.Connection, contents: dict[str, int]) -> None:
        if not contents:
            return
        now = datetime.now(UTC)
        fresh = {"state": BlobState.LANDED, "landed_at": now, "released_at": None}
        insert = insert_into(connection, blobs)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["sha256"],
                set_=fresh,
                where=blobs.c.state != BlobState.LANDED,
            ),
            [
                {"sha256": sha256, "size_bytes": size_bytes, **fresh}
                for sha256, size_bytes in sorted(contents.items())
            ],
        )

    def _write_files(self, connection: sa.Connection, settlement: Settlement) -> None:
        if settlement.healed:
            update = files.update().where(files.c.file_id == sa.bindparam("known_id"))
            connection.execute(update, settlement.healed)
        if settlement.described:
            # Unset, the number has the index of searches take it in anew.
            update = files.update().where(files.c.file_id == sa.bindparam("known_id"))
            connection.execute(update.values(number=None), settlement.described)
        # Last: whoever has numbers waits for no row that another may hold.
        if settlement.new:
            numbers = allot(connection, len(settlement.new))
            rows = zip(settlement.new, numbers, strict=True)
            connection.execute(files.insert(), [{**row, "number": number} for row, number in rows])
            index_files(connection, numbers)

    def _write_folders(self, connection: sa.Connection, packages: dict[Place, Any]) -> None:
        rows = [
            {"package_id": packages[place].package_id, "path": path, "mtime_ns": mtime_ns}
            for (place, path), mtime_ns in self._folders.items()
            if isinstance(packages[place], OpenPackage)
        ]
        if rows:
            insert = insert_into(connection, folders)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["package_id", "path"],
                    set_={"mtime_ns": insert.excluded.mtime_ns},
                ),
                rows,
            )

    def _write_refusals(
        self,
        connection: sa.Connection,
        left_out: list[tuple[Place | None, Refusal]],
        packages: dict[Place, Any],
    ) -> None:
        rows = []
        for place, refusal in left_out:
            package = packages.get(place) if place is not None else None
            rows.append(
                {
                    "refusal_id": new_id("rf"),
                    "ingest_id": self._ingest.ingest_id,
                    "package_id": package.package_id if isinstance(package, OpenPackage) else None,
                    "path": refusal.path,
                    "code": refusal.code,
                    "message": refusal.message,
                }
            )
        if rows:
            connection.execute(refusals.insert(), rows)
