"""Numbers of discs below which nobody could pack a group, each proven. Pure.

- *volume*: all sectors over the room of a disc, rounded up; files likewise.
- *halves*: Martello and Toth's L2 (1990): packages over half a disc stand apart, and those that
  cannot go beside one need room of their own.
- *shares*: Fekete and Schepers' dual feasible functions (2001): for a whole k, a package counts for
  the k-ths of a disc that it takes beyond dispute; packages just over a third count as a third
  each at best, however many small remains are left beside them.
- *patterns*: from the linear program over all ways to fill a disc; see `console.planner.patterns`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import accumulate

from console.planner.package import FILES_PER_VOLUME_MAX, Capacity

_THRESHOLDS_MAX = 128
_SHARES = range(2, 12)


class BoundKind(StrEnum):
    VOLUME = "volume"
    HALVES = "halves"
    SHARES = "shares"
    PATTERNS = "patterns"


Bound = tuple[int, BoundKind]


def quick_bound(
    sectors: Sequence[int], files: Sequence[int], capacity: Capacity, found: int
) -> Bound:
    """The best of the bounds that cost little. `found` discs were enough: who gets there stops.

    `sectors` is sorted upwards. It holds for the rule that a disc of the largest kind is used only
    for packages that the usual one cannot hold.
    """
    best: Bound = (1 if sectors else 0), BoundKind.VOLUME
    for count, kind in _bounds(sectors, files, capacity):
        if count > best[0]:
            best = count, kind
        if best[0] >= found:
            break
    return best


def _bounds(sectors: Sequence[int], files: Sequence[int], capacity: Capacity) -> Iterator[Bound]:
    yield _by_volume(sectors, capacity), BoundKind.VOLUME
    yield _by_files(files), BoundKind.VOLUME
    room = capacity.largest_room
    if sectors and sectors[-1] <= capacity.usual_room:
        room = capacity.usual_room
    yield _by_halves(sectors, room), BoundKind.HALVES
    for parts in _SHARES:
        yield _by_shares(sectors, room, parts), BoundKind.SHARES


def _by_volume(sectors: Sequence[int], capacity: Capacity) -> int:
    """At most as many large discs as packages need one; more of them would be fewer in all."""
    usual, largest = capacity.usual_room, capacity.largest_room
    total = sum(sectors)
    need_large = len(sectors) - bisect_left(sectors, usual + 1)
    apart = len(sectors) - bisect_left(sectors, max(usual, largest // 2) + 1)
    large = min(need_large, max(apart, -(-total // largest)))
    return large + max(0, -(-(total - large * largest) // usual))


def _by_files(files: Sequence[int]) -> int:
    alone = sum(count > FILES_PER_VOLUME_MAX for count in files)
    rest = sum(count for count in files if count <= FILES_PER_VOLUME_MAX)
    return alone + -(-rest // FILES_PER_VOLUME_MAX)


def _by_halves(sectors: Sequence[int], room: int) -> int:
    """L2: for a threshold t, those over room - t are alone, those over half a disc are apart."""
    count = len(sectors)
    sums = [0, *accumulate(sectors)]
    over_half = bisect_left(sectors, room // 2 + 1)
    small = sectors[:over_half]
    step = max(1, len(small) // _THRESHOLDS_MAX)
    best = count - over_half
    for threshold in {0, *small[::step]}:
        alone = bisect_left(sectors, room - threshold + 1)
        beside = (alone - over_half) * room - (sums[alone] - sums[over_half])
        small_sum = sums[over_half] - sums[bisect_left(sectors, threshold)]
        best = max(best, count - over_half + max(0, -(-(small_sum - beside) // room)))
    return best


def _by_shares(sectors: Sequence[int], room: int, parts: int) -> int:
    """u^(k): of (k + 1) shares, a package counts for those that it takes whole, over k.

    One that takes shares to the last sector counts for its size.
    """
    total, count = 0, len(sectors)
    for whole in range(1, parts + 2):
        share, rest = divmod(whole * room, parts + 1)
        at_least = bisect_left(sectors, share + (rest > 0))
        total += room * (count - at_least)
        if not rest:
            total -= share * (bisect_left(sectors, share + 1) - at_least)
    return -(-total // (parts * room))
