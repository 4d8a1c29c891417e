"""Best-fit decreasing: the largest package first, each on the fullest disc that has room. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from console.planner.package import FILES_PER_VOLUME_MAX, Capacity
from console.planner.rooms import OpenRooms

_ASIDE_MAX = 16
"""Discs with room but too many files that are looked past for one package."""


class Opening(StrEnum):
    """Why a disc was begun."""

    FIRST = "first"
    """It is the first of its group."""
    NO_ROOM = "no room"
    """No disc of the group had room for its largest package."""
    FILES = "files"
    """Those with room have as many files as a volume may have."""
    PATTERN = "pattern"
    """Sizes that fill a disc well together were chosen before the rest was packed."""


@dataclass(slots=True)
class Bin:
    """One disc being filled: places of packages in their group, and the room left."""

    room: int
    is_large: bool = False
    files: int = 0
    opening: Opening = Opening.FIRST
    roomiest: int = 0
    """The room of the emptiest disc of the group when this one was begun."""
    members: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The packages of one group, by their natural order."""

    sectors: Sequence[int]
    files: Sequence[int]

    def largest_first(self) -> list[int]:
        """Their places; equal ones in natural order."""
        return sorted(range(len(self.sectors)), key=self.sectors.__getitem__, reverse=True)


def best_fit(sizes: Sizes, places: Iterable[int], capacity: Capacity, bins: list[Bin]) -> list[Bin]:
    """Put the packages at `places`, which come largest first, into `bins` and new ones after them.

    Every package fits a disc of the largest kind. A new disc is of that kind only for a package
    that the usual one cannot hold.
    """
    sectors_of, files_of = sizes.sectors, sizes.files
    usual_room = capacity.usual_room
    least = min(sectors_of, default=0)
    rooms = OpenRooms()
    for number, each in enumerate(bins):
        if each.room >= least:
            rooms.add(each.room, number)
    for place in places:
        sectors, files = sectors_of[place], files_of[place]
        found = rooms.take(sectors)
        if found is not None and bins[found[1]].files + files > FILES_PER_VOLUME_MAX:
            found = _past_full_ones(rooms, bins, found, sectors, files)
        if found is None:
            roomiest = rooms.largest
            large = sectors > usual_room
            room, number = capacity.largest_room if large else usual_room, len(bins)
            bins.append(Bin(room, large, 0, _why(bins, roomiest >= sectors), roomiest))
        else:
            room, number = found
        target = bins[number]
        target.members.append(place)
        target.files += files
        target.room = room - sectors
        if target.room >= least:
            rooms.add(target.room, number)
    return bins


def _why(bins: list[Bin], some_had_room: bool) -> Opening:
    if not bins:
        return Opening.FIRST
    return Opening.FILES if some_had_room else Opening.NO_ROOM


def _past_full_ones(
    rooms: OpenRooms, bins: list[Bin], found: tuple[int, int], sectors: int, files: int
) -> tuple[int, int] | None:
    """Look past discs that may not have more files, but not at all of them."""
    aside = [found]
    answer: tuple[int, int] | None = None
    while len(aside) < _ASIDE_MAX:
        found_next = rooms.take(sectors)
        if found_next is None:
            break
        if bins[found_next[1]].files + files <= FILES_PER_VOLUME_MAX:
            answer = found_next
            break
        aside.append(found_next)
    for room, number in aside:
        if bins[number].files < FILES_PER_VOLUME_MAX:
            rooms.add(room, number)
    return answer
