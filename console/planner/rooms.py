"""Open discs by the room that they have left: the fullest one that will do, quickly."""

from bisect import bisect_left, insort

_BLOCK_MAX = 1_500
_SHIFT = 32
_MASK = (1 << _SHIFT) - 1


class OpenRooms:
    """Discs by (room, number), in sorted blocks, so that half a million of them stay quick."""

    __slots__ = ("_blocks", "_lasts")

    def __init__(self) -> None:
        self._blocks: list[list[int]] = []
        self._lasts: list[int] = []
        """The largest key of each block."""

    @property
    def largest(self) -> int:
        """The room of the emptiest disc; 0 when none is open."""
        return self._lasts[-1] >> _SHIFT if self._lasts else 0

    def add(self, room: int, number: int) -> None:
        key = room << _SHIFT | number
        if not self._blocks:
            self._blocks.append([key])
            self._lasts.append(key)
            return
        at = bisect_left(self._lasts, key)
        if at == len(self._blocks):
            at -= 1
            self._lasts[at] = key
        block = self._blocks[at]
        insort(block, key)
        if len(block) > _BLOCK_MAX:
            half = block[_BLOCK_MAX // 2 :]
            del block[_BLOCK_MAX // 2 :]
            self._lasts[at] = block[-1]
            self._blocks.insert(at + 1, half)
            self._lasts.insert(at + 1, half[-1])

    def take(self, room: int) -> tuple[int, int] | None:
        """Remove the fullest disc with at least this room, of equal ones the first; gives both."""
        key = room << _SHIFT
        at = bisect_left(self._lasts, key)
        if at == len(self._blocks):
            return None
        block = self._blocks[at]
        found = block.pop(bisect_left(block, key))
        if not block:
            del self._blocks[at]
            del self._lasts[at]
        elif found == self._lasts[at]:
            self._lasts[at] = block[-1]
        return found >> _SHIFT, found & _MASK
