"""The landing zone: file contents under their SHA-256, from ingest until every copy is verified.

    <root>/ab/c/<sha256>      contents, written once
    <root>/incoming/…         contents on their way in

A content appears under its name only complete and after it reached the disk: it is written under
a temporary name, synced, moved, and the move synced. Syncing is what costs, so an ingest lands
files in batches that share two syncs.

Any fsspec URL works. Only a local folder is synced; object stores keep their own promise.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import time
from types import TracebackType
from typing import IO, BinaryIO, NamedTuple, Self, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from appliance.contract.errors import SteleError
from console.store.durability import sync_filesystem
from console.store.ids import new_id

CHUNK_BYTES = 1 << 20
_STALE_S = 86_400
"""A temporary file as old as this belongs to an ingest that was killed."""


class LandingError(SteleError):
    """The landing zone itself fails: nothing more can be taken in."""


class Landed(NamedTuple):
    """What a content turned out to be. `sm3` is empty unless it was asked for."""

    sha256: str
    size_bytes: int
    sm3: str = ""


class Landing:
    """A content-addressed folder. Opening it makes the folder if it is not there."""

    def __init__(self, url: str) -> None:
        fs, root = fsspec.core.url_to_fs(url)
        self._fs: fsspec.AbstractFileSystem = fs
        self._root = str(root).rstrip("/")
        self._is_local = isinstance(fs, LocalFileSystem)
        fs.makedirs(f"{self._root}/incoming", exist_ok=True)

    def batch(self) -> "Batch":
        """Land many contents together; `Batch.commit` makes them appear."""
        return Batch(self)

    def put(self, stream: BinaryIO, digests: Collection[str] = ("sha256",)) -> Landed:
        """Land one content; it is there, and on the disk, when this returns."""
        with self.batch() as batch:
            landed = batch.put(iter(partial(stream.read, CHUNK_BYTES), b""), digests)
            batch.commit()
        return landed

    def adopt(self, file: Path, sha256: str) -> None:
        """Take over a complete local file on the same disk whose digest the caller has checked.

        It is on the disk after the next `sync`.
        """
        self._move(str(file), sha256)

    def open(self, sha256: str) -> BinaryIO:
        """The content as a seekable stream, not checked against its digest.

        Raises:
            SteleError: 3401 the landing zone does not hold it.
        """
        try:
            return cast(BinaryIO, self._fs.open(self._path(sha256), "rb"))
        except FileNotFoundError as error:
            raise SteleError(3401, f"the landing zone does not hold {sha256}") from error

    def size(self, sha256: str) -> int | None:
        """Its size in bytes, or None when the landing zone does not hold it."""
        try:
            return int(self._fs.size(self._path(sha256)))
        except FileNotFoundError:
            return None

    def check(self, sha256: str) -> int:
        """Read the whole content and compare it with its digest; gives its size in bytes.

        Raises:
            SteleError: 3401 it is not there; 3402 it is not what it was.
        """
        with self.open(sha256) as stream:
            found = hashlib.sha256()
            size_bytes = 0
            while chunk := stream.read(CHUNK_BYTES):
                found.update(chunk)
                size_bytes += len(chunk)
        if found.hexdigest() != sha256:
            message = f"the content {sha256} in the landing zone no longer has this digest"
            raise SteleError(3402, message, f"found {found.hexdigest()}, {size_bytes} bytes")
        return size_bytes

    def release(self, sha256: str) -> bool:
        """Let go of a content; False when it was not there.

        The caller has proven I4, and calls this within the store's transaction that marks the
        blob as released: an ingest that lands the same content waits for that transaction.
        """
        try:
            self._fs.rm_file(self._path(sha256))
        except FileNotFoundError:
            return False
        return True

    def sweep(self) -> int:
        """Remove what killed ingests left under temporary names; gives their number."""
        removed = 0
        for entry in self._fs.ls(f"{self._root}/incoming", detail=True) if self._is_local else []:
            if entry["type"] == "file" and entry["mtime"] < time() - _STALE_S:
                self._fs.rm_file(entry["name"])
                removed += 1
        return removed

    def _path(self, sha256: str) -> str:
        # 4,096 folders: making one costs more than a file, and a folder bears 10,000 names.
        return f"{self._root}/{sha256[:2]}/{sha256[2:3]}/{sha256}"

    def _new_temporary(self) -> str:
        return f"{self._root}/incoming/{new_id('in')}"

    def _open_temporary(self, path: str) -> IO[bytes]:
        # Unbuffered where that is possible: what is written comes in big chunks.
        with _numbered_errors():
            if self._is_local:
                return Path(path).open("xb", buffering=0)
            return cast(IO[bytes], self._fs.open(path, "wb"))

    def _move(self, temporary: str, sha256: str) -> None:
        final = self._path(sha256)
        if self._is_local:
            target = Path(final)
            try:
                Path(temporary).replace(target)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                Path(temporary).replace(target)
        else:
            self._fs.mv(temporary, final)

    def sync(self) -> None:
        """Return when all that was landed or adopted so far is on the disk."""
        if self._is_local:
            with _numbered_errors():
                sync_filesystem(self._root)


class Batch:
    """Contents on their way in. Left without `commit`, nothing of it stays."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self._temporary: dict[str, str] = {}
        self.size_bytes = 0

    def put(
        self, chunks: Iterable[bytes | memoryview], digests: Collection[str] = ("sha256",)
    ) -> Landed:
        """Take a whole content; it appears with `commit`. Nothing stays when `chunks` raises.

        Raises:
            LandingError: 3412 the landing zone cannot be written.
        """
        sha256 = hashlib.sha256()
        sm3 = hashlib.new("sm3") if "sm3" in digests else None
        path = self._landing._new_temporary()
        size_bytes = 0
        try:
            with self._landing._open_temporary(path) as out:
                for chunk in chunks:
                    sha256.update(chunk)
                    if sm3 is not None:
                        sm3.update(chunk)
                    _write_all(out, chunk)
                    size_bytes += len(chunk)
        except BaseException:
            with suppress(FileNotFoundError):
                self._landing._fs.rm_file(path)
            raise
        landed = Landed(sha256.hexdigest(), size_bytes, sm3.hexdigest() if sm3 else "")
        self._keep(landed, path)
        return landed

    def commit(self, known: Collection[str] = ()) -> None:
        """Make all contents appear, durably, except those in `known`, which are there already.

        Raises:
            LandingError: 3412 the landing zone cannot be written.
        """
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

    def _keep(self, landed: Landed, path: str) -> None:
        if landed.sha256 in self._temporary:
            self._landing._fs.rm_file(path)
        else:
            self._temporary[landed.sha256] = path
            self.size_bytes += landed.size_bytes

    def discard(self) -> None:
        """Let go of everything that was not committed."""
        for path in self._temporary.values():
            self._landing._fs.rm_file(path)
        self._temporary.clear()
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.discard()


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
