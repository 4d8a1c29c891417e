"""Whether the media of one appliance hold a set of copies. Pure.

A blank disc takes one copy. A set of discs holds a set of copies exactly if, both sorted by size,
each copy fits on the disc across from it. Disks and tapes take several: a copy goes on the one
with the least room that will do.
"""

from bisect import insort
from collections.abc import Iterable

from appliance.contract.states import MediumKind
from console.placement.fleet import Room, Wanted, Writer


def need_bytes(copy: Wanted) -> int:
    """What a blank disc must hold for this copy: a pool may ask for more than the copy does."""
    return max(copy.size_bytes, copy.source.capacity_floor_bytes)


class Discs:
    """The blank discs of an appliance, and what is promised of them."""

    def __init__(self, rooms: Iterable[Room]) -> None:
        self._blanks = sorted(room.free_bytes for room in rooms)
        self._smallest = self._blanks[0] if self._blanks else 0
        self._largest = self._blanks[-1] if self._blanks else 0
        self._needs: list[int] = []

    def fits(self, copy: Wanted, instead_of: Wanted | None = None) -> bool:
        """Whether there is a disc for the copy too, `instead_of` having given its own back."""
        need = need_bytes(copy)
        count = len(self._needs) + (instead_of is None)
        if need > self._largest or count > len(self._blanks):
            return False
        if need <= self._smallest and (not self._needs or self._needs[-1] <= self._smallest):
            return True
        needs = list(self._needs)
        if instead_of is not None:
            needs.remove(need_bytes(instead_of))
        insort(needs, need)
        largest = self._blanks[len(self._blanks) - len(needs) :]
        return all(one <= blank for one, blank in zip(needs, largest, strict=True))

    def could_ever(self, copy: Wanted) -> bool:
        """Whether a disc is large enough, were nothing else promised."""
        return need_bytes(copy) <= self._largest

    def take(self, copy: Wanted) -> None:
        insort(self._needs, need_bytes(copy))

    def give_back(self, copy: Wanted) -> None:
        self._needs.remove(need_bytes(copy))


class Carriers:
    """The disks or tapes of an appliance, and what is promised of each."""

    def __init__(self, rooms: Iterable[Room]) -> None:
        self._rooms = sorted(rooms, key=lambda room: (room.free_bytes, room.capacity_bytes))
        self._free = [room.free_bytes for room in self._rooms]
        self._at: dict[str, int] = {}

    def fits(self, copy: Wanted, instead_of: Wanted | None = None) -> bool:
        """Whether one has room for the copy, `instead_of` having given its own back."""
        back = self._at[instead_of.copy_id] if instead_of is not None else -1
        more = instead_of.size_bytes if instead_of is not None else 0
        return any(
            free + (more if index == back else 0) >= copy.size_bytes and self._may(copy, index)
            for index, free in enumerate(self._free)
        )

    def could_ever(self, copy: Wanted) -> bool:
        return any(
            room.free_bytes >= copy.size_bytes and self._may(copy, index)
            for index, room in enumerate(self._rooms)
        )

    def take(self, copy: Wanted) -> None:
        fitting = (
            (free, index)
            for index, free in enumerate(self._free)
            if free >= copy.size_bytes and self._may(copy, index)
        )
        _, index = min(fitting)
        self._free[index] -= copy.size_bytes
        self._at[copy.copy_id] = index

    def give_back(self, copy: Wanted) -> None:
        self._free[self._at.pop(copy.copy_id)] += copy.size_bytes

    def _may(self, copy: Wanted, index: int) -> bool:
        return self._rooms[index].capacity_bytes >= copy.source.capacity_floor_bytes


def book_of(writer: Writer) -> Discs | Carriers:
    """An empty book of what an appliance's media are promised to."""
    return Discs(writer.rooms) if writer.kind is MediumKind.DISC else Carriers(writer.rooms)


def promise(kind: MediumKind, rooms: Iterable[Room], given: Iterable[int]) -> tuple[Room, ...]:
    """The room that copies of these sizes, given out already, will leave.

    A disc is taken for each, the largest for all anybody knows; of disks and tapes they take room,
    of the fullest that has it.
    """
    left = sorted(rooms, key=lambda room: (room.free_bytes, room.capacity_bytes))
    sizes = sorted(given, reverse=True)
    if kind is MediumKind.DISC:
        return tuple(left[: max(0, len(left) - len(sizes))])
    for size_bytes in sizes:
        index = next((n for n, room in enumerate(left) if room.free_bytes >= size_bytes), None)
        if index is not None:
            room = left.pop(index)
            left.append(Room(room.free_bytes - size_bytes, room.capacity_bytes))
            left.sort(key=lambda room: (room.free_bytes, room.capacity_bytes))
    return tuple(left)
