"""The catalogue: every volume on a disc here, every file's place in its image, every copy.

The image of a volume is a function of its plan, so a file's offset is the same on each of its
copies; it is kept once a volume. Files are entered in batches ahead of the burn, with the event
loop free in between; a volume counts only when its last batch is in (`complete`).
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.volume.image import Image

_BATCH_FILES = 4_000

MIGRATIONS = Migrations("catalogue")


@MIGRATIONS()
def create_catalogue(db: Database) -> None:
    for statement in (
        """CREATE TABLE volumes (
            number INTEGER PRIMARY KEY,
            volume_id TEXT NOT NULL UNIQUE,
            plan_sha256 TEXT NOT NULL,
            label TEXT NOT NULL,
            image_size_bytes INTEGER NOT NULL,
            files INTEGER NOT NULL,
            complete INTEGER NOT NULL) STRICT""",
        """CREATE TABLE files (
            volume INTEGER NOT NULL REFERENCES volumes(number) ON DELETE CASCADE,
            path TEXT NOT NULL,
            offset_bytes INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            sha256 BLOB NOT NULL,
            PRIMARY KEY (volume, path)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE copies (
            copy_id TEXT PRIMARY KEY,
            volume_id TEXT NOT NULL REFERENCES volumes(volume_id),
            medium_id TEXT NOT NULL REFERENCES media(id),
            verified_at TEXT,
            lost INTEGER NOT NULL DEFAULT 0) STRICT""",
        "CREATE INDEX copies_medium ON copies(medium_id)",
        "CREATE INDEX copies_volume ON copies(volume_id)",
    ):
        db.conn.execute(statement)


class VolumeRow(Struct, frozen=True):
    volume_id: str
    plan_sha256: str
    label: str
    image_size_bytes: int
    complete: bool


class FilePlace(Struct, frozen=True):
    """Where a file's bytes are in the image, and what they must be."""

    path: str
    offset_bytes: int
    size_bytes: int
    sha256: bytes


class CopyRow(Struct, frozen=True):
    copy_id: str
    volume_id: str
    medium_id: str
    lost: bool


class Catalogue:
    """Reads and writes the tables above."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        """The inventory's tables must be there already: copies refer to them."""
        MIGRATIONS.apply(db)
        self._db = db
        self._now = now
        self._entering = asyncio.Lock()

    async def enter_volume(self, image: Image, plan_sha256: str) -> None:
        """Make sure that the volume and all its files are in; a half-entered one is done anew."""
        async with self._entering:
            known = self.volume(image.plan.identity.volume_id)
            if known and known.complete and known.plan_sha256 == plan_sha256:
                return
            number = self._begin_volume(image, plan_sha256)
            for start in range(0, len(image.plan.files), _BATCH_FILES):
                with self._db.atomic():
                    self._db.conn.executemany(
                        "INSERT INTO files VALUES (?, ?, ?, ?, ?)", _rows(number, image, start)
                    )
                await asyncio.sleep(0)
            with self._db.atomic():
                self._db.conn.execute("UPDATE volumes SET complete = 1 WHERE number = ?", (number,))

    def _begin_volume(self, image: Image, plan_sha256: str) -> int:
        identity = image.plan.identity
        with self._db.atomic():
            row = self._db.conn.execute(
                """INSERT INTO volumes
                    (volume_id, plan_sha256, label, image_size_bytes, files, complete)
                VALUES (?, ?, ?, ?, ?, 0)
                ON CONFLICT(volume_id) DO UPDATE SET plan_sha256 = excluded.plan_sha256,
                    label = excluded.label, image_size_bytes = excluded.image_size_bytes,
                    files = excluded.files, complete = 0
                RETURNING number""",
                (
                    identity.volume_id,
                    plan_sha256,
                    identity.label,
                    image.size_bytes,
                    len(image.plan.files),
                ),
            ).fetchone()
            number = int(row[0])
            self._db.conn.execute("DELETE FROM files WHERE volume = ?", (number,))
        return number

    def volume(self, volume_id: str) -> VolumeRow | None:
        row = self._db.conn.execute(
            "SELECT volume_id, plan_sha256, label, image_size_bytes, complete "
            "FROM volumes WHERE volume_id = ?",
            (volume_id,),
        ).fetchone()
        return VolumeRow(row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def require_volume(self, volume_id: str) -> VolumeRow:
        """The volume.

        Raises:
            SteleError: 5108 it is not in the catalogue.
        """
        volume = self.volume(volume_id)
        if volume is None:
            raise SteleError(5108, f"volume {volume_id} is not in the catalogue")
        return volume

    def file(self, volume_id: str, path: str) -> FilePlace | None:
        row = self._db.conn.execute(
            "SELECT path, offset_bytes, size_bytes, sha256 FROM files "
            "WHERE volume = (SELECT number FROM volumes WHERE volume_id = ?) AND path = ?",
            (volume_id, path),
        ).fetchone()
        return FilePlace(*row) if row else None

    def record_copy(self, copy_id: str, volume_id: str, medium_id: str) -> None:
        """A copy has been verified just now."""
        self._db.conn.execute(
            "INSERT INTO copies (copy_id, volume_id, medium_id, verified_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT(copy_id) DO UPDATE SET volume_id = excluded.volume_id, "
            "medium_id = excluded.medium_id, verified_at = excluded.verified_at, lost = 0",
            (copy_id, volume_id, medium_id, self._now().isoformat()),
        )

    def lose_copies(self, medium_id: str) -> list[CopyRow]:
        """Mark the medium's copies as lost; returns those that were not lost before."""
        rows = self._db.conn.execute(
            "UPDATE copies SET lost = 1 WHERE medium_id = ? AND lost = 0 "
            "RETURNING copy_id, volume_id, medium_id, lost",
            (medium_id,),
        ).fetchall()
        return [CopyRow(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def lose_copy(self, medium_id: str, volume_id: str) -> list[CopyRow]:
        """The same of one volume's copy, on a medium that has several."""
        rows = self._db.conn.execute(
            "UPDATE copies SET lost = 1 WHERE medium_id = ? AND volume_id = ? AND lost = 0 "
            "RETURNING copy_id, volume_id, medium_id, lost",
            (medium_id, volume_id),
        ).fetchall()
        return [CopyRow(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def copy(self, copy_id: str) -> CopyRow | None:
        row = self._db.conn.execute(
            "SELECT copy_id, volume_id, medium_id, lost FROM copies WHERE copy_id = ?", (copy_id,)
        ).fetchone()
        return CopyRow(row[0], row[1], row[2], bool(row[3])) if row else None

    def copies_of(self, volume_id: str) -> list[CopyRow]:
        """Every copy of a volume that was ever verified here."""
        rows = self._db.conn.execute(
            "SELECT copy_id, volume_id, medium_id, lost FROM copies WHERE volume_id = ?",
            (volume_id,),
        )
        return [CopyRow(row[0], row[1], row[2], bool(row[3])) for row in rows]


def _rows(number: int, image: Image, start: int) -> Iterator[tuple[int, str, int, int, bytes]]:
    files = image.plan.files
    for index in range(start, min(start + _BATCH_FILES, len(files))):
        offset_bytes, size_bytes = image.extent(index)
        yield number, files[index].path, offset_bytes, size_bytes, files[index].sha256
