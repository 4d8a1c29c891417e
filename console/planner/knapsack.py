"""The most worth that fits on one disc: depth-first with a bound, exact unless it takes long."""

from collections.abc import Sequence
from dataclasses import dataclass

_TINY = 1e-9

Pattern = dict[int, int]
"""How many packages of each class stand on one disc."""


@dataclass(slots=True)
class Best:
    """The best pattern worth more than was asked for, if any; `proven` when no other is better."""

    worth: float
    pattern: Pattern | None
    proven: bool
    nodes: int


def best_pattern(
    worths: Sequence[float],
    sizes: Sequence[int],
    most: Sequence[int],
    room: int,
    *,
    above: float,
    nodes_max: int,
) -> Best:
    """Of at most `most` packages of each class, those worth most that `room` holds together."""
    search = _Search(worths, sizes, most, room)
    search.best.worth = above
    return search.run(nodes_max)


class _Search:
    def __init__(
        self,
        worths: Sequence[float],
        sizes: Sequence[int],
        most: Sequence[int],
        room: int,
    ) -> None:
        classes = [c for c in range(len(sizes)) if worths[c] > _TINY]
        classes.sort(key=lambda c: -worths[c] / sizes[c])
        self._classes = classes
        self._sizes = [sizes[c] for c in classes]
        self._worths = [worths[c] for c in classes]
        self._most = [most[c] for c in classes]
        self._densities = [w / s for w, s in zip(self._worths, self._sizes, strict=True)]
        self._least = self._least_from_each()
        self._room, self._nodes_left = room, 0
        self._chosen: list[tuple[int, int]] = []
        self.best = Best(0.0, None, proven=True, nodes=0)

    def _least_from_each(self) -> list[int]:
        """The smallest size from each class on."""
        least, row = 1 << 62, []
        for size in reversed(self._sizes):
            least = min(least, size)
            row.append(least)
        return row[::-1]

    def run(self, nodes_max: int) -> Best:
        self._nodes_left = nodes_max
        self.best.proven = self._look(0, self._room, 0.0)
        self.best.nodes = nodes_max - self._nodes_left
        return self.best

    def _look(self, at: int, room: int, worth: float) -> bool:
        """Try every number of each class from `at` on; False when it took too long."""
        sizes, densities, least = self._sizes, self._densities, self._least
        while at < len(sizes) and room >= least[at]:
            if worth + room * densities[at] <= self.best.worth + _TINY:
                return True
            self._nodes_left -= 1
            if self._nodes_left < 0:
                return False
            size = sizes[at]
            for count in range(min(self._most[at], room // size), 0, -1):
                self._chosen.append((self._classes[at], count))
                whole = self._look(at + 1, room - count * size, worth + count * self._worths[at])
                self._chosen.pop()
                if not whole:
                    return False
            at += 1
        if worth > self.best.worth + _TINY:
            self.best.worth = worth
            self.best.pattern = dict(self._chosen)
        return True
