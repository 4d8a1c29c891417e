"""A landing zone in a folder.

    <root>/ab/c/<sha256>      contents, written once
    <root>/incoming/…         contents on their way in

A content appears under its name only complete and after it reached the disk: it is written under
a temporary name, synced, moved, and the move synced. Syncing is what costs, so an ingest lands
files in batches that share two syncs.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from typing import IO, BinaryIO

from console.store.durability import sync_filesystem
from console.store.ids import new_id
from console.store.landing.base import (
    Batch,
    Hashing,
    Landed,
    Landing,
    LandingError,
    MissingContentError,
)

_STALE_S = 86_400
"""A temporary file as old as this belongs to an ingest that was killed."""


class FolderLanding(Landing):
    """A content-addressed folder. Opening it makes the folder if it is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        with _numbered_errors():
            self._incoming.mkdir(parents=True, exist_ok=True)

    def batch(self) -> Batch:
        return FolderBatch(self)

    def adopt(self, file: Path, sha256: str) -> None:
        self._move(file, sha256)

    def sync(self) -> None:
        with _numbered_errors():
            sync_filesystem(str(self._root))

    def open(self, sha256: str, start: int = 0, end: int | None = None) -> BinaryIO:
        del end  # a file costs nothing for what is not read of it
        try:
            stream = self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise MissingContentError(sha256, f"the landing zone does not hold {sha256}") from error
        if start:
            stream.seek(start)
        return stream

    def size(self, sha256: str) -> int | None:
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def release_all(self, digests: Collection[str]) -> None:
        for sha256 in digests:
            self._path(sha256).unlink(missing_ok=True)

    def sweep(self) -> int:
        removed = 0
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime < time() - _STALE_S:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, sha256: str) -> Path:
        # 4,096 folders: making one costs more than a file, and a folder bears 10,000 names.
        return self._root / sha256[:2] / sha256[2:3] / sha256

    def _new_temporary(self) -> Path:
        return self._incoming / new_id("in")

    def _move(self, temporary: Path, sha256: str) -> None:
        target = self._path(sha256)
        try:
            temporary.replace(target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)


class FolderBatch(Batch):
    """Files under temporary names, until two syncs make all of them appear."""

    def __init__(self, landing: FolderLanding) -> None:
        self._landing = landing
        self._temporary: dict[str, Path] = {}
        self.size_bytes = 0

    def put(
        self, chunks: Iterable[bytes | memoryview], digests: Collection[str] = ("sha256",)
    ) -> Landed:
        hashing = Hashing(digests)
        path = self._landing._new_temporary()
        try:
            # Unbuffered: what is written comes in big chunks.
            with _open_new(path) as out:
                for chunk in chunks:
                    hashing.take(chunk)
                    _write_all(out, chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        landed = hashing.landed()
        if landed.sha256 in self._temporary:
            path.unlink()
        else:
            self._temporary[landed.sha256] = path
            self.size_bytes += landed.size_bytes
        return landed

    def commit(self, known: Collection[str] = ()) -> None:
        moving = {sha: path for sha, path in self._temporary.items() if sha not in known}
        if moving:
            with _numbered_errors():
                self._landing.sync()
                for sha256, path in moving.items():
                    self._landing._move(path, sha256)
                self._landing.sync()
        for sha256 in moving:
            del self._temporary[sha256]
        self.discard()

    def discard(self) -> None:
        for path in self._temporary.values():
            path.unlink(missing_ok=True)
        self._temporary.clear()
        self.size_bytes = 0


def _open_new(path: Path) -> IO[bytes]:
    with _numbered_errors():
        return path.open("xb", buffering=0)


def _write_all(out: IO[bytes], chunk: bytes | memoryview) -> None:
    """An unbuffered file may take less than it was given."""
    rest = memoryview(chunk)
    with _numbered_errors():
        while rest:
            rest = rest[out.write(rest) :]


@contextmanager
def _numbered_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise LandingError(3412, f"the landing zone cannot be written: {reason}") from error
