"""The bytes of wanted files in order: read from the disc in large blocks, released when verified.

Small files that lie near each other are read together, because a drive reads a mebibyte in the time
in which it finds a sector, and the next block is read while this one is checked and sent. A block
that cannot be read is read again file by file, so that one bad sector costs no other file.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import NamedTuple

from appliance.contract.errors import SteleError
from appliance.services.catalogue import FilePlace
from hal.errors import HalError
from hal.interfaces.optical_drive import BlockReader

READ_BYTES = 1 << 20
GAP_BYTES = 1 << 16
"""So much that nobody wants is read along to go on reading."""


class Piece(NamedTuple):
    """A whole small file, or a mebibyte of a large one; `position` is where it is in the stream."""

    file: FilePlace
    start: int
    end: int
    position: int

    @property
    def offset(self) -> int:
        """Where it is on the disc, in bytes."""
        return self.file.offset_bytes + self.start

    @property
    def size_bytes(self) -> int:
        return self.end - self.start


class Portion(NamedTuple):
    """What was read of a block, and why there is no more of it."""

    buffers: list[memoryview]
    failure: HalError | None = None


Block = Sequence[Piece]


def blocks_of(files: Sequence[FilePlace], offset: int) -> Iterator[Block]:
    """What to read at once, in order. The file that `offset` falls into is read whole."""
    block: list[Piece] = []
    for piece in _pieces(files, offset):
        if block and not _belongs(block, piece):
            yield block
            block = []
        block.append(piece)
    if block:
        yield block


def _pieces(files: Sequence[FilePlace], offset: int) -> Iterator[Piece]:
    begins = 0
    for file in files:
        if begins + file.size_bytes > offset:
            for start in range(0, file.size_bytes, READ_BYTES):
                end = min(start + READ_BYTES, file.size_bytes)
                yield Piece(file, start, end, begins + start)
        begins += file.size_bytes


def _belongs(block: Sequence[Piece], piece: Piece) -> bool:
    last = block[-1]
    gap_bytes = piece.offset - last.offset - last.size_bytes
    end = piece.offset + piece.size_bytes
    return 0 <= gap_bytes <= GAP_BYTES and end - block[0].offset <= READ_BYTES


class FileBlocks:
    """One pass over files of the disc behind `reader`; `medium_id` is for messages."""

    def __init__(self, reader: BlockReader, files: Sequence[FilePlace], medium_id: str) -> None:
        self._reader = reader
        self._files = files
        self._medium_id = medium_id
        self._digest = hashlib.sha256()

    async def stream(self, offset: int) -> AsyncGenerator[bytes, None]:
        """The concatenated files from byte `offset` on, about a mebibyte at a time.

        The last piece of a file comes only when the whole file has its digest.

        Raises:
            SteleError: 3308 a file is not what was archived; every file before it was given.
            HalError: 32xx a file cannot be read; every file before it was given.
        """
        loop = asyncio.get_running_loop()
        upcoming = blocks_of(self._files, offset)
        block = next(upcoming, None)
        ahead = self._begin(block)
        try:
            while block is not None and ahead is not None:
                portion = await ahead
                following = next(upcoming, None) if portion.failure is None else None
                ahead = self._begin(following)
                good, failure = await loop.run_in_executor(None, self._check, block, portion)
                if data := _wanted(good, block, offset):
                    yield data
                if failure is not None:
                    raise failure
                block = following
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.wait({ahead})
                if not ahead.cancelled():
                    ahead.exception()  # nobody waits for this block any more

    def _begin(self, block: Block | None) -> asyncio.Task[Portion] | None:
        return None if block is None else asyncio.create_task(self._read(block), name="read ahead")

    async def _read(self, block: Block) -> Portion:
        first, last = block[0].offset, block[-1].offset + block[-1].size_bytes
        try:
            view = memoryview(await self._reader.read_at(first, last - first))
        except HalError as error:
            return Portion([], error) if len(block) == 1 else await self._read_singly(block)
        return Portion([view[p.offset - first :][: p.size_bytes] for p in block])

    async def _read_singly(self, block: Block) -> Portion:
        buffers: list[memoryview] = []
        for piece in block:
            try:
                data = await self._reader.read_at(piece.offset, piece.size_bytes)
            except HalError as error:
                return Portion(buffers, error)
            buffers.append(memoryview(data))
        return Portion(buffers)

    def _check(
        self, block: Block, portion: Portion
    ) -> tuple[list[memoryview], HalError | SteleError | None]:
        """Those of the buffers that may go out, and what is wrong with the next."""
        good: list[memoryview] = []
        for piece, buffer in zip(block, portion.buffers, strict=False):
            if not piece.start:
                self._digest = hashlib.sha256()
            self._digest.update(buffer)
            complete = piece.end == piece.file.size_bytes
            wrong = complete and self._digest.digest() != piece.file.sha256
            if wrong or len(buffer) < piece.size_bytes:
                path = piece.file.path
                message = f"{path!r} on medium {self._medium_id} is damaged"
                return good, SteleError(3308, message, path)
            good.append(buffer)
        return good, portion.failure


def _wanted(good: list[memoryview], block: Block, offset: int) -> bytes:
    """The buffers as one, without what lies before `offset` in the stream."""
    return b"".join(
        buffer[max(0, offset - piece.position) :]
        for piece, buffer in zip(block, good, strict=False)
    )
