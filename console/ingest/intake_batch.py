"""Files on their way into landing zone and store, in batches: contents first, then their rows.

A batch is one transaction of the store around one commit of the landing zone. Killed at any
moment, the store never names a content that the landing zone does not hold.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from console.catalogue.indexing import index_files, index_new
from console.catalogue.segments import allot
from console.ingest.packages import KnownFile, OpenPackage, reopen
from console.store.ids import new_id
from console.store.keys import search_key
from console.store.landing import Batch, Landed
from console.store.schema import blobs, files, folders, ingests, refusals
from console.store.states import BlobState, FileState
from console.store.upsert import insert_into
from console.store.workspace import Workspace

FILES_MAX = 1_000
BYTES_MAX = 256 << 20


class IntakeBatch:
    """Collects what an ingest takes in and writes it whenever it has grown large enough."""

    def __init__(self, workspace: Workspace, ingest_id: str) -> None:
        self._workspace = workspace
        self._ingest_id = ingest_id
        self._batch: Batch = workspace.landing.batch()
        self._clear()

    def _clear(self) -> None:
        self._files: list[dict[str, Any]] = []
        self._healed: list[dict[str, Any]] = []
        self._folders: list[dict[str, Any]] = []
        self._refusals: list[dict[str, Any]] = []
        self._contents: dict[str, int] = {}

    def take(
        self,
        package: OpenPackage,
        path: str,
        mtime_ns: int,
        chunks: Iterable[memoryview],
        known: KnownFile | None,
    ) -> Landed:
        """Take a whole file. A known one gets its content, digest and time replaced."""
        landed = self._batch.put(chunks, package.digests)
        self._contents[landed.sha256] = landed.size_bytes
        row: dict[str, Any] = {
            "size_bytes": landed.size_bytes,
            "mtime_ns": mtime_ns,
            "sha256": landed.sha256,
            "sm3": landed.sm3,
            "state": FileState.LANDED,
        }
        if known is not None:
            self._healed.append({**row, "known_id": known.file_id})
        else:
            key = search_key(path)
            row |= {"file_id": new_id("f"), "package_id": package.package_id, "path": path}
            self._files.append({**row, "search_key": key})
        return landed

    def add_folder(self, package_id: str, path: str, mtime_ns: int) -> None:
        self._folders.append({"package_id": package_id, "path": path, "mtime_ns": mtime_ns})

    def refuse(self, package_id: str | None, path: str, code: int, message: str) -> None:
        self._refusals.append(
            {
                "refusal_id": new_id("rf"),
                "ingest_id": self._ingest_id,
                "package_id": package_id,
                "path": path,
                "code": code,
                "message": message,
            }
        )

    @property
    def is_full(self) -> bool:
        rows = len(self._files) + len(self._folders) + len(self._refusals) + len(self._healed)
        return rows >= FILES_MAX or self._batch.size_bytes >= BYTES_MAX

    def flush(self, progress_row: dict[str, int]) -> None:
        """Write everything collected, and how far the ingest has come (columns of `ingests`)."""
        with self._workspace.store.begin() as connection:
            self._batch.commit(known=self._landed_already(connection))
            self._write_contents(connection)
            for package_id in {row["package_id"] for row in self._files}:
                reopen(connection, package_id)
            self._write_rows(connection)
            index_new(connection, "dossier")
            ours = ingests.c.ingest_id == self._ingest_id
            connection.execute(ingests.update().where(ours).values(**progress_row))
        self._clear()

    def discard(self) -> None:
        """Let go of what was not flushed."""
        self._batch.discard()
        self._clear()

    def _landed_already(self, connection: sa.Connection) -> set[str]:
        """Which contents need not be written: locked until the batch is, so none is released."""
        found: set[str] = set()
        wanted = list(self._contents)
        for start in range(0, len(wanted), 500):
            found.update(
                connection.scalars(
                    sa.select(blobs.c.sha256)
                    .where(
                        blobs.c.sha256.in_(wanted[start : start + 500]),
                        blobs.c.state == BlobState.LANDED,
                    )
                    .with_for_update()
                )
            )
        return found

    def _write_contents(self, connection: sa.Connection) -> None:
        if not self._contents:
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
                for sha256, size_bytes in self._contents.items()
            ],
        )

    def _write_rows(self, connection: sa.Connection) -> None:
        if self._files:
            insert = insert_into(connection, files).on_conflict_do_nothing(
                index_elements=["package_id", "path"]
            )
            numbers = allot(connection, len(self._files))
            rows = zip(self._files, numbers, strict=True)
            connection.execute(insert, [{**row, "number": number} for row, number in rows])
            index_files(connection, numbers)
        if self._healed:
            update = files.update().where(files.c.file_id == sa.bindparam("known_id"))
            connection.execute(update, self._healed)
        if self._folders:
            folder_insert = insert_into(connection, folders)
            connection.execute(
                folder_insert.on_conflict_do_update(
                    index_elements=["package_id", "path"],
                    set_={"mtime_ns": folder_insert.excluded.mtime_ns},
                ),
                self._folders,
            )
        if self._refusals:
            connection.execute(refusals.insert(), self._refusals)
