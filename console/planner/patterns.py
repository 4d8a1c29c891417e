"""Few discs for packages of which only a few fit on one: the cutting stock program. Pure.

Best-fit does well where small packages fill what large ones leave. Where every package takes a
fourth to a half of a disc it wastes up to a fifth of the discs, and the simple bounds do not show
it. There the classes of sizes are few enough for Gilmore and Gomory's linear program (1961): which
*patterns* (so many of each class on a disc), how often each, so that the discs are fewest. Patterns
are made as they are wanted; the prices of its solution also prove a bound.

Sizes are put into classes of equally many packages. Rounded up to the largest of a class, a
solution can be packed; rounded down to the smallest, its value is a bound (Fernandez de la Vega and
Lueker 1981). With as many classes as packages both are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from console.planner.knapsack import Pattern, best_pattern

_GOOD_ENOUGH = 5e-4
"""Of a disc: a pattern that saves less is not worth another step."""
_ROUNDING = 1e-6
"""Far more than the errors of the arithmetic; taken off a bound before it is rounded up."""
_NODES_MAX = 30_000
_NODES_MAX_PROVING = 600_000


@dataclass(slots=True)
class Budget:
    """Work that may still be done, counted and not timed, so that the answer is always the same."""

    left: int


@dataclass(frozen=True, slots=True)
class Solution:
    """How often each pattern is used, mostly not a whole number, and what was proven."""

    patterns: list[tuple[Pattern, float]]
    bound: float
    """No packing of these classes takes fewer discs; 0 when nothing was proven."""


def solve(
    sizes: Sequence[int],
    counts: Sequence[int],
    room: int,
    budget: Budget,
    *,
    prove: bool = False,
) -> Solution:
    """The fewest discs, in parts of them, for `counts` packages of each size; none exceeds room.

    With `prove` more is spent on making sure at the end that no better pattern is left.
    """
    program = _Program(sizes, counts, room, budget)
    program.run(_NODES_MAX)
    if prove and not program.is_proven:
        program.run(_NODES_MAX_PROVING)
    return program.solution()


class _Program:
    """A revised simplex: a row for each class; the basis' inverse is dense."""

    def __init__(
        self, sizes: Sequence[int], counts: Sequence[int], room: int, budget: Budget
    ) -> None:
        self._sizes, self._counts, self._room = sizes, counts, room
        self._budget = budget
        alone = [min(count, room // size) for size, count in zip(sizes, counts, strict=True)]
        self._patterns: list[Pattern] = [{c: many} for c, many in enumerate(alone)]
        self._used = [count / many for count, many in zip(counts, alone, strict=True)]
        self._inverse = [
            [1.0 / alone[r] if r == c else 0.0 for c in range(len(sizes))]
            for r in range(len(sizes))
        ]
        self._bound = 0.0
        self.is_proven = False
        """Whether no pattern is left that would save anything worth another step."""

    def solution(self) -> Solution:
        return Solution(list(zip(self._patterns, self._used, strict=True)), self._bound)

    def run(self, nodes_max: int) -> None:
        """Until no better pattern is found, looking so far for each, or the budget is spent."""
        rows = len(self._sizes)
        while self._budget.left > 0:
            prices = [max(0.0, sum(column)) for column in zip(*self._inverse, strict=True)]
            found = best_pattern(
                prices,
                self._sizes,
                self._counts,
                self._room,
                above=1.0 + _GOOD_ENOUGH,
                nodes_max=nodes_max,
            )
            self._budget.left -= found.nodes + rows * rows // 4
            if found.proven:
                self._note_bound(prices, found.worth)
            self.is_proven = found.proven and found.pattern is None
            if found.pattern is None or not self._enter(found.pattern):
                break

    def _note_bound(self, prices: Sequence[float], worth: float) -> None:
        """No disc holds more worth than `worth`, so all of it takes so many discs (Farley 1990)."""
        total = sum(p * count for p, count in zip(prices, self._counts, strict=True))
        self._bound = max(self._bound, total / (worth + _ROUNDING) - _ROUNDING)

    def _enter(self, pattern: Pattern) -> bool:
        """Use a pattern as far as it goes, instead of the one that is used up first."""
        way = [sum(row[c] * many for c, many in pattern.items()) for row in self._inverse]
        leaving, step = -1, float("inf")
        for row, (used, along) in enumerate(zip(self._used, way, strict=True)):
            if along > 1e-9 and used / along < step - 1e-12:
                leaving, step = row, used / along
        if leaving < 0:
            return False
        self._used = [max(0.0, u - step * a) for u, a in zip(self._used, way, strict=True)]
        self._used[leaving], self._patterns[leaving] = step, pattern
        pivot = [entry / way[leaving] for entry in self._inverse[leaving]]
        for row, along in enumerate(way):
            if along and row != leaving:
                old = self._inverse[row]
                self._inverse[row] = [a - along * b for a, b in zip(old, pivot, strict=True)]
        self._inverse[leaving] = pivot
        return True
