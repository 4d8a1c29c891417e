"""Packing a group by patterns of sizes, and proving how few discs it could take. Pure."""

import math
from collections.abc import Sequence
from itertools import pairwise

from console.planner.best_fit import Bin, Opening, Sizes, best_fit
from console.planner.knapsack import Pattern
from console.planner.package import FILES_PER_VOLUME_MAX, Capacity
from console.planner.patterns import Budget, solve

CLASSES_MAX = 96
"""Of sizes; half as many are tried first."""
CLASSES_MIN = 12
_WORK_OF_CLASSES = 5
"""Times the third power of the number of classes: about the work of packing and proving."""
_SMALL_PART = 16
"""Packages below that part of a disc fill what is left; they are in no pattern."""
_NEAR = 1.01
"""Times the bound: good enough not to try with more classes."""
_NO_MATTER = 1.005
"""A group so near its bound is left as it is."""


def worth_arranging(sizes: Sizes, capacity: Capacity, discs: int, bound: int) -> bool:
    """Whether patterns can help: only packages of the usual disc, some of them large."""
    largest = max(sizes.sectors, default=0)
    return (
        discs > bound * _NO_MATTER
        and len(sizes.sectors) > 2
        and largest <= capacity.usual_room
        and largest * _SMALL_PART >= capacity.usual_room
    )


def arrange(
    sizes: Sizes, capacity: Capacity, bins: list[Bin], bound: int, budget: Budget
) -> tuple[list[Bin], int]:
    """Fewer discs than `bins`, or those; and the better of `bound` and what was proven."""
    order = sizes.largest_first()
    small = [place for place in order if sizes.sectors[place] * _SMALL_PART < capacity.usual_room]
    large = order[: len(order) - len(small)]
    tries = _class_counts(len(large), budget)
    for most in tries:
        if budget.left <= 0 or len(bins) <= bound:
            break
        classes = _classes(large, most)
        packed = _pack(sizes, classes, small, capacity, budget)
        bins = packed if len(packed) < len(bins) else bins
        exact = len(classes) == len(large)
        if len(bins) > bound and (exact or len(bins) > bound * _NEAR):
            last = most == tries[-1]
            bound = max(bound, _proven(sizes, classes, capacity, budget, last=last))
        if exact or len(bins) <= bound * _NEAR:
            break
    return bins, bound


def _class_counts(large: int, budget: Budget) -> list[int]:
    """Into how many classes to put so many packages with this budget: fewer first, then more."""
    affordable = min(CLASSES_MAX, int((budget.left / _WORK_OF_CLASSES) ** (1 / 3)))
    if large <= affordable:
        return [large]
    if affordable < CLASSES_MIN:
        return []
    return [affordable // 2, affordable] if affordable >= CLASSES_MAX // 2 else [affordable]


def _classes(large: Sequence[int], most: int) -> list[list[int]]:
    """Places largest first, in at most so many classes of equally many."""
    number = min(most, len(large))
    edges = [len(large) * n // number for n in range(number + 1)]
    return [list(large[a:b]) for a, b in pairwise(edges)]


def _proven(
    sizes: Sizes,
    classes: Sequence[Sequence[int]],
    capacity: Capacity,
    budget: Budget,
    *,
    last: bool,
) -> int:
    smallest = [sizes.sectors[places[-1]] for places in classes]
    counts = [len(places) for places in classes]
    return math.ceil(solve(smallest, counts, capacity.usual_room, budget, prove=last).bound)


def _pack(
    sizes: Sizes,
    classes: Sequence[Sequence[int]],
    small: Sequence[int],
    capacity: Capacity,
    budget: Budget,
) -> list[Bin]:
    """Discs by the patterns of the linear program, the rest by best-fit beside and after them."""
    largest = [sizes.sectors[places[0]] for places in classes]
    counts = [len(places) for places in classes]
    solution = solve(largest, counts, capacity.usual_room, budget)
    filling = _Filling(sizes, classes, capacity.usual_room)
    for pattern, times in solution.patterns:
        for _ in range(int(times + 1e-6)):
            filling.fill(pattern)
    for pattern, _ in sorted(solution.patterns, key=lambda each: int(each[1]) - each[1]):
        if filling.has(pattern):
            filling.fill(pattern)
    return best_fit(sizes, [*filling.rest(), *small], capacity, filling.bins)


class _Filling:
    """Discs filled by patterns, largest packages of each class first."""

    def __init__(self, sizes: Sizes, classes: Sequence[Sequence[int]], room: int) -> None:
        self._sizes, self._room = sizes, room
        self._waiting = [list(reversed(places)) for places in classes]
        self.bins: list[Bin] = []

    def has(self, pattern: Pattern) -> bool:
        return all(len(self._waiting[c]) >= many for c, many in pattern.items())

    def fill(self, pattern: Pattern) -> None:
        """One disc; a package that would bring too many files stays for the rest."""
        sectors, files = self._sizes.sectors, self._sizes.files
        new = Bin(self._room, opening=Opening.PATTERN)
        for each, many in pattern.items():
            waiting = self._waiting[each]
            for _ in range(min(many, len(waiting))):
                place = waiting[-1]
                if new.members and new.files + files[place] > FILES_PER_VOLUME_MAX:
                    break
                new.members.append(waiting.pop())
                new.files += files[place]
                new.room -= sectors[place]
        if new.members:
            self.bins.append(new)

    def rest(self) -> list[int]:
        """What is on no disc yet, largest first."""
        left = [place for places in self._waiting for place in places]
        return sorted(left, key=lambda place: (-self._sizes.sectors[place], place))
