"""What every landing zone does, whatever it is made of."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from appliance.contract.errors import SteleError

CHUNK_BYTES = 1 << 20


class LandingError(SteleError):
    """The landing zone itself fails: nothing more can be taken in or read now.

    It says nothing of any content: one that cannot be asked for is neither missing nor damaged.
    """


class MissingContentError(SteleError):
    """The landing zone does not hold a content, or not all of it."""

    def __init__(self, sha256: str, message: str) -> None:
        super().__init__(3401, message)
        self.sha256 = sha256


class Landed(NamedTuple):
    """What a content turned out to be. `sm3` is empty unless it was asked for."""

    sha256: str
    size_bytes: int
    sm3: str = ""


class Piece(NamedTuple):
    """The bytes of a content from `start` to before `end`."""

    sha256: str
    start: int
    end: int


class Hashing:
    """The digests of a content on its way in."""

    def __init__(self, digests: Collection[str]) -> None:
        self._sha256 = hashlib.sha256()
        self._sm3 = hashlib.new("sm3") if "sm3" in digests else None
        self.size_bytes = 0

    def take(self, chunk: bytes | memoryview) -> None:
        self._sha256.update(chunk)
        if self._sm3 is not None:
            self._sm3.update(chunk)
        self.size_bytes += len(chunk)

    def landed(self) -> Landed:
        sm3 = self._sm3.hexdigest() if self._sm3 is not None else ""
        return Landed(self._sha256.hexdigest(), self.size_bytes, sm3)


class Batch(ABC):
    """Contents on their way in. Left without `commit`, nothing of it stays."""

    size_bytes: int
    """Of the contents that wait for `commit`."""

    @abstractmethod
    def put(
        self, chunks: Iterable[bytes | memoryview], digests: Collection[str] = ("sha256",)
    ) -> Landed:
        """Take a whole content; it appears with `commit`. Nothing stays when `chunks` raises.

        Raises:
            LandingError: 3412, or 3443 to 3448 on S3: the landing zone cannot be written.
        """

    def stage(self, known: Collection[str] = ()) -> None:  # noqa: B027 a folder has nothing to do
        """Do what `commit` would take long for, before the store's transaction around it.

        `known` are contents that are there already, as far as the caller can tell without a lock.
        May be left out: `commit` then takes longer. Raises as `put`.
        """

    @abstractmethod
    def commit(self, known: Collection[str] = ()) -> None:
        """Make all contents appear, durably, except those in `known`, which are there already.

        Raises as `put`; what has appeared until then stays, and is known by nobody.
        """

    @abstractmethod
    def discard(self) -> None:
        """Let go of everything that was not committed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.discard()


class Landing(ABC):
    """Contents under their SHA-256. Every method may be called from any thread."""

    @abstractmethod
    def batch(self) -> Batch:
        """Land many contents together; `Batch.commit` makes them appear."""

    def put(self, stream: BinaryIO, digests: Collection[str] = ("sha256",)) -> Landed:
        """Land one content; it is there, durably, when this returns."""
        with self.batch() as batch:
            landed = batch.put(iter(partial(stream.read, CHUNK_BYTES), b""), digests)
            batch.stage()
            batch.commit()
        return landed

    @abstractmethod
    def adopt(self, file: Path, sha256: str) -> None:
        """Take over a complete local file whose digest the caller has checked; it goes away.

        It is there, durably, after the next `sync`.
        """

    @abstractmethod
    def sync(self) -> None:
        """Return when all that was landed or adopted so far is durable.

        Raises:
            LandingError: it is not; another `sync` tries again.
        """

    @abstractmethod
    def open(self, sha256: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """The content as a seekable stream that stands at `start`, not checked against its digest.

        Who knows where reading will `end` says so: the stream then ends there.

        Raises:
            MissingContentError: 3401 the landing zone does not hold it.
            LandingError: the landing zone cannot be asked.
        """

    def stream(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        """The bytes of many pieces one after the other, in chunks of at most a MiB.

        Raises as `open`, and MissingContentError for a content that ends before its piece does.
        """
        for piece in pieces:
            yield from self._stream(piece)

    def _stream(self, piece: Piece) -> Iterator[bytes]:
        at = piece.start
        with self.open(piece.sha256, piece.start, piece.end) as stream:
            while at < piece.end:
                chunk = stream.read(min(CHUNK_BYTES, piece.end - at))
                if not chunk:
                    raise MissingContentError(
                        piece.sha256, f"the content {piece.sha256} ends after {at} bytes"
                    )
                at += len(chunk)
                yield chunk

    @abstractmethod
    def size(self, sha256: str) -> int | None:
        """Its size in bytes, or None when the landing zone does not hold it.

        Raises:
            LandingError: the landing zone cannot be asked.
        """

    def check(self, sha256: str) -> int:
        """Read the whole content and compare it with its digest; gives its size in bytes.

        Raises:
            SteleError: 3401 it is not there; 3402 it is not what it was.
            LandingError: the landing zone cannot be asked, which says nothing of the content.
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
        there = self.size(sha256) is not None
        self.release_all([sha256])
        return there

    @abstractmethod
    def release_all(self, digests: Collection[str]) -> None:
        """Let go of many contents, as `release`; one that is not there is none the less gone."""

    @abstractmethod
    def sweep(self) -> int:
        """Remove what killed ingests left under temporary names; gives their number."""
