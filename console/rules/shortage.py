"""How many media are missing, and where: a small linear program. Pure.

Volumes are written to *stocks*: media of one kind at one site that the same roles may use. A volume
takes one medium for every role, and some roles must be on different sites. Asked for is the least
number of media that must be added so that all volumes have theirs.

    least   sum of media added
    so that every volume is written in one of its patterns (a stock for each role),
            and no stock gives more than it has and was added to it.

There are too many patterns to write down, so they are made as they are wanted (column generation,
Gilmore and Gomory 1961). The answer is a proven least: whole media may need one more, never fewer.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

_EPSILON = 1e-7
_STEPS_MAX = 3_000
_NODES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Stock:
    """Media at one site. `units`: how much there is; a disc is one unit."""

    key: Hashable
    site: str
    units: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Volumes alike: how many, and for every role the stocks that may give its medium.

    `apart` has pairs of roles, by their places in `choices`, that must be on different sites.
    `needs` says how many units a medium of it takes from a stock.
    """

    volumes: int
    choices: tuple[tuple[int, ...], ...]
    apart: frozenset[tuple[int, int]]
    needs: Callable[[int], float]


Column = dict[int, float]


def missing_units(stocks: Sequence[Stock], batches: Sequence[Batch]) -> Mapping[int, float] | None:
    """What must be added to which stock, by its place. Every batch must have a pattern.

    None when no answer was found in reasonable time; nothing is known then.
    """
    try:
        return _Program(stocks, batches).solve()
    except _GaveUpError:
        return None


class _GaveUpError(Exception):
    """There are too many patterns to look through."""


class _Program:
    """A revised simplex: rows are the stocks, then the batches; the basis' inverse is dense."""

    def __init__(self, stocks: Sequence[Stock], batches: Sequence[Batch]) -> None:
        self._stocks, self._batches = stocks, batches
        self._rows = len(stocks) + len(batches)
        # A volume is worth more than all the media that it could want to be added.
        roles = max((len(batch.choices) for batch in batches), default=1)
        needs = max(
            (batch.needs(s) for batch in batches for row in batch.choices for s in row),
            default=1.0,
        )
        self._worth = 2.0 * (1 + roles * max(1.0, needs))
        self._inverse = [
            [1.0 if i == j else 0.0 for j in range(self._rows)] for i in range(self._rows)
        ]
        self._held = [stock.units for stock in stocks] + [float(b.volumes) for b in batches]
        self._value = [0.0] * self._rows
        self._added: list[int | None] = [None] * self._rows
        """For each row the stock that its basic column adds to."""

    def solve(self) -> Mapping[int, float] | None:
        for _ in range(_STEPS_MAX):
            prices = [
                sum(v * row[j] for v, row in zip(self._value, self._inverse, strict=True) if v)
                for j in range(self._rows)
            ]
            entering = self._best_column(prices)
            if entering is None:
                return self._answer()
            if not self._pivot(*entering):
                return None
        return None

    def _answer(self) -> Mapping[int, float]:
        return {
            stock: units
            for stock, units in zip(self._added, self._held, strict=True)
            if stock is not None and units > _EPSILON
        }

    def _best_column(self, prices: list[float]) -> tuple[Column, float, int | None] | None:
        """The column that improves most: a pattern, or a medium to be added, or a slack."""
        best: tuple[Column, float, int | None] | None = None
        gain = _EPSILON
        for row, price in enumerate(prices):
            if -price > gain:
                best, gain = ({row: 1.0}, 0.0, None), -price
            if row < len(self._stocks) and price - 1 > gain:
                best, gain = ({row: -1.0}, -1.0, row), price - 1
        for number, batch in enumerate(self._batches):
            row = len(self._stocks) + number
            pattern, cost = _cheapest_pattern(batch, self._stocks, prices)
            if self._worth - prices[row] - cost > gain:
                column: Column = {row: 1.0}
                for stock in pattern:
                    column[stock] = column.get(stock, 0.0) + batch.needs(stock)
                best, gain = (column, self._worth, None), self._worth - prices[row] - cost
        return best

    def _pivot(self, column: Column, value: float, added: int | None) -> bool:
        way = [sum(row[j] * a for j, a in column.items()) for row in self._inverse]
        leaving, step = -1, float("inf")
        for i, direction in enumerate(way):
            if direction > _EPSILON and self._held[i] / direction < step - _EPSILON:
                leaving, step = i, self._held[i] / direction
        if leaving < 0:
            return False
        for i, direction in enumerate(way):
            self._held[i] = max(0.0, self._held[i] - step * direction)
        self._held[leaving], self._value[leaving] = step, value
        self._added[leaving] = added
        pivot_row = [entry / way[leaving] for entry in self._inverse[leaving]]
        for i, direction in enumerate(way):
            if i != leaving and direction:
                row = self._inverse[i]
                self._inverse[i] = [a - direction * b for a, b in zip(row, pivot_row, strict=True)]
        self._inverse[leaving] = pivot_row
        return True


def _cheapest_pattern(
    batch: Batch, stocks: Sequence[Stock], prices: Sequence[float]
) -> tuple[tuple[int, ...], float]:
    """A stock for each role, at the least price, with the roles apart that must be."""
    costs = [
        sorted((max(0.0, prices[s]) * batch.needs(s), s) for s in stocks_of_role)
        for stocks_of_role in batch.choices
    ]
    rest = [0.0] * (len(costs) + 1)
    for role in range(len(costs) - 1, -1, -1):
        rest[role] = rest[role + 1] + costs[role][0][0]
    best: tuple[tuple[int, ...], float] = ((), float("inf"))
    stack: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    for _ in range(_NODES_MAX):
        if not stack:
            return best
        chosen, cost = stack.pop()
        role = len(chosen)
        if cost + rest[role] >= best[1]:
            continue
        if role == len(costs):
            best = chosen, cost
            continue
        stack += [
            ((*chosen, s), cost + price)
            for price, s in reversed(costs[role])
            if _is_apart(chosen, stocks[s].site, role, batch, stocks)
        ]
    raise _GaveUpError


def _is_apart(
    chosen: tuple[int, ...], site: str, role: int, batch: Batch, stocks: Sequence[Stock]
) -> bool:
    return all(
        stocks[other].site != site
        for place, other in enumerate(chosen)
        if (place, role) in batch.apart or (role, place) in batch.apart
    )
