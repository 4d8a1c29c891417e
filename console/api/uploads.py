"""One fetch's incoming stream: cut into files, each digested as it arrives and kept when right.

Within a fetch, bytes are taken strictly in order. When a second upload begins where the stream
stands, it takes over and the first is told to stop; so a dead connection holds up nobody.

The two may be in different processes, on different hosts. Where the stream stands is told by the
store (the files that are safe) and by the length of the part of the next file; whose turn it is, by
a file beside the part, which is locked while bytes are written (`console.api.turns`). What a
process knows beyond that, such as the digest so far, is good as long as it has the turn.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from appliance.contract.errors import SteleError
from appliance.contract.messages import FetchItem
from console.api.turns import Turn
from console.store.landing import Landing, LandingError

CHUNK_BYTES = 1 << 20
_BATCH = 500
_BATCH_BYTES = 64 << 20
"""So many files, or bytes, come to the disk and into the store together: one sync for all."""

Arrived = list[FetchItem]
"""Files that are complete, right and in `delivered/`."""


class OffsetError(SteleError):
    """The upload does not go on where the stream stands; `offset` is where that is."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(5461, message, f"the stream stands at {offset}")
        self.offset = offset


class DigestError(SteleError):
    """A file arrived that is not the one asked for; the stream stands at its start again."""

    def __init__(self, item: FetchItem, found: str, offset: int) -> None:
        super().__init__(
            5462, f"{item.path} arrived with another digest and was refused", f"found {found}"
        )
        self.offset = offset


class Upload:
    """The stream of one fetch.

    `record(offset, arrived)` is called with the offset up to which everything is safe and the
    files since the last call, now and then and at the end of each request; `recorded()` gives the
    last such offset, whoever recorded it.
    """

    def __init__(
        self,
        fetch_id: str,
        items: list[FetchItem],
        recorded: Callable[[], int],
        *,
        delivered: Landing,
        incoming: Path,
        record: Callable[[int, Arrived], None],
    ) -> None:
        self._fetch_id = fetch_id
        self._items = items
        self._delivered = delivered
        self._incoming = incoming
        self._record = record
        self._recorded = recorded
        self.size_bytes = sum(item.size_bytes for item in items)
        incoming.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._turn = Turn(incoming / f"{fetch_id}.turn")
        self._mine = 0
        """The last turn that this object had; what follows is good while it is the last of all."""
        self._arrived: Arrived = []
        self._arrived_bytes = 0
        self._index = self._begins = self._in_file = self._resumed = 0
        self._digest = hashlib.sha256()
        self._descriptor = -1
        self._begun = False

    @property
    def offset(self) -> int:
        """Where the stream stands: the next byte that is wanted."""
        with self._held():
            return self._stands_at()

    def receive(self, offset: int, body: IO[bytes]) -> int:
        """Take the bytes of `body`, which begin at `offset`; gives the new offset.

        Raises:
            OffsetError: 5461, another offset, or another upload took over.
            DigestError: 5462, what arrived is not what was asked for.
            SteleError: 5463, more bytes than the fetch has; those that belong to it are kept.
        """
        with self._held():
            stands_at = self._stands_at()
            if offset != stands_at:
                raise OffsetError(f"this upload begins at {offset}", stands_at)
            turn = self._take_turn()
            if offset != self._at:
                raise OffsetError(f"this upload begins at {offset}", self._at)
        try:
            # One byte more than is wanted shows that too much comes.
            while chunk := body.read(max(1, min(CHUNK_BYTES, self.size_bytes - self._at + 1))):
                with self._held():
                    if turn != self._turn.read():
                        raise OffsetError("another upload took over", self._stands_at())
                    self._take(memoryview(chunk))
        finally:
            with self._held():
                if turn == self._turn.read():
                    self._hand_over()
                elif self._mine != self._turn.read():
                    self._close_part()  # another process goes on
        return self._at

    def settle(self) -> int:
        """Complete what needs no more bytes, as empty files do; gives the offset."""
        with self._held():
            index, begins = self._position()
            stands_at = self._stands_at()
            if index == len(self._items) or stands_at < begins + self._items[index].size_bytes:
                return stands_at
            if self._mine != self._turn.read():
                self._take_turn()
            if self._finish_complete():
                self._hand_over()
            return self._at

    @property
    def _at(self) -> int:
        """Where this object is in the stream."""
        return self._begins + self._in_file

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep all other threads and processes from this stream; not while a sender is awaited."""
        with self._lock, self._turn.locked():
            yield

    def _position(self) -> tuple[int, int]:
        """The current file and where it begins: as this object knows, or as the store does."""
        if self._mine and self._mine == self._turn.read():
            return self._index, self._begins
        return self._find(self._recorded())

    def _stands_at(self) -> int:
        if self._mine and self._mine == self._turn.read():
            return self._at
        index, begins = self._find(self._recorded())
        if index == len(self._items):
            return begins
        kept = self._part(index)
        size_bytes = kept.stat().st_size if kept.exists() else 0
        return begins + (size_bytes if size_bytes <= self._items[index].size_bytes else 0)

    def _take_turn(self) -> int:
        """Have the turn from now on, and know where the stream stands; gives the turn."""
        if not self._mine or self._mine != self._turn.read():
            self._close_part()
            self._arrived, self._arrived_bytes, self._begun = [], 0, False
            self._index, self._begins = self._find(self._recorded())
            self._digest = hashlib.sha256()
            self._in_file = self._resumed = self._resume()
        self._mine = self._turn.next()
        return self._mine

    def _find(self, offset: int) -> tuple[int, int]:
        """The first file that begins at `offset` or holds it, and where that file begins."""
        begins = 0
        for index, item in enumerate(self._items):
            if begins == offset or begins + item.size_bytes > offset:
                return index, begins
            begins += item.size_bytes
        return len(self._items), begins

    def _resume(self) -> int:
        """Digest again what is there of the current file; gives its size."""
        if self._index == len(self._items):
            return 0
        size_bytes = 0
        try:
            with self._part().open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    self._digest.update(chunk)
                    size_bytes += len(chunk)
        except FileNotFoundError:
            return 0
        if size_bytes <= self._items[self._index].size_bytes:
            return size_bytes
        self._drop_part()
        return 0

    def _part(self, index: int | None = None) -> Path:
        return self._incoming / f"{self._fetch_id}.{self._index if index is None else index}"

    def _take(self, chunk: memoryview) -> None:
        while chunk:
            if self._index == len(self._items):
                raise SteleError(5463, f"more bytes came than fetch {self._fetch_id} asked for")
            piece = chunk[: self._items[self._index].size_bytes - self._in_file]
            self._write(piece)
            self._begun = True
            self._digest.update(piece)
            self._in_file += len(piece)
            chunk = chunk[len(piece) :]
            self._finish_complete()

    def _write(self, piece: memoryview) -> None:
        """Put the piece where the current file stands; what a failed write left is overwritten."""
        done = 0
        try:
            if self._descriptor < 0:
                fresh = 0 if self._in_file else os.O_TRUNC
                flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | fresh
                self._descriptor = os.open(self._part(), flags, 0o644)
            while done < len(piece):
                done += os.pwrite(self._descriptor, piece[done:], self._in_file + done)
        except OSError as error:
            reason = error.strerror or str(error)
            raise LandingError(3412, f"delivered files cannot be written: {reason}") from error

    def _close_part(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _finish_complete(self) -> bool:
        """Close the current file if it is complete, and every empty one that follows."""
        before = self._index
        while self._index < len(self._items):
            item = self._items[self._index]
            if self._in_file < item.size_bytes:
                break
            if not item.size_bytes:
                self._part().touch()
            self._close_part()
            self._require_digest(item)
            self._delivered.adopt(self._part(), item.sha256)
            self._arrived.append(item)
            self._arrived_bytes += item.size_bytes
            self._begins += item.size_bytes
            self._index, self._digest = self._index + 1, hashlib.sha256()
            # What is left of a later file is from a process that died: the bytes begin anew.
            self._in_file = self._resumed = 0 if self._begun else self._resume()
            if len(self._arrived) >= _BATCH or self._arrived_bytes >= _BATCH_BYTES:
                self._hand_over()
        return self._index > before

    def _require_digest(self, item: FetchItem) -> None:
        found, resumed = self._digest.hexdigest(), self._resumed
        if found == item.sha256:
            return
        self._drop_part()
        if resumed:  # a power cut may have spoiled what was kept of it
            raise OffsetError(f"what was kept of {item.path} is not usable", self._at)
        raise DigestError(item, found, self._at)

    def _hand_over(self) -> None:
        self._close_part()
        if self._arrived:
            self._delivered.sync()
        arrived, self._arrived, self._arrived_bytes = self._arrived, [], 0
        self._record(self._begins, arrived)

    def _drop_part(self) -> None:
        self._close_part()
        self._part().unlink(missing_ok=True)
        self._in_file, self._resumed, self._digest = 0, 0, hashlib.sha256()
