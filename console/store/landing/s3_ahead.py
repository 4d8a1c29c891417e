"""Reading many contents in a row from a store where each costs a wait.

Small pieces that come next are asked for while the one before them is being handed out. A large
piece is read as a stream when its turn comes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future

from console.store.landing.base import Piece

SMALL_BYTES = 1 << 20
AHEAD = 32
AHEAD_BYTES = 16 << 20

_Waiting = tuple[Piece, "Future[bytes] | None"]


def read_ahead(
    threads: Executor, pieces: Iterable[Piece], read: Callable[[Piece], Iterator[bytes]]
) -> Iterator[bytes]:
    """The bytes of all pieces in their order, at most `AHEAD_BYTES` of them held.

    Raises what `read` raises, when the piece's turn has come.
    """
    source = iter(pieces)
    waiting: deque[_Waiting] = deque()
    held_bytes = 0
    try:
        while True:
            while len(waiting) < AHEAD and held_bytes < AHEAD_BYTES:
                piece = next(source, None)
                if piece is None:
                    break
                size_bytes = piece.end - piece.start
                small = size_bytes <= SMALL_BYTES
                whole = threads.submit(_whole, read, piece) if small else None
                waiting.append((piece, whole))
                held_bytes += size_bytes if small else 0
            if not waiting:
                return
            piece, whole = waiting.popleft()
            if whole is None:
                yield from read(piece)
            else:
                yield whole.result()
                held_bytes -= piece.end - piece.start
    finally:
        for _, whole in waiting:
            if whole is not None:
                whole.cancel()


def _whole(read: Callable[[Piece], Iterator[bytes]], piece: Piece) -> bytes:
    return b"".join(read(piece))
