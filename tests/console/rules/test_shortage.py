"""The least number of media missing: against every way to place a few volumes."""

from functools import lru_cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from console.rules.shortage import Batch, Stock, missing_units

SITES = "ABC"


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Stock], Batch]:
    """Up to three sites with a few discs, and volumes with up to three roles."""
    count = draw(st.integers(1, 3))
    stocks = [Stock(n, SITES[n], draw(st.integers(0, 4))) for n in range(count)]
    roles = draw(st.integers(1, 3))
    places = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    choices = tuple(tuple(sorted(draw(places))) for _ in range(roles))
    pairs = [(a, b) for a in range(roles) for b in range(a)]
    apart = draw(st.frozensets(st.sampled_from(pairs))) if pairs else frozenset()
    return stocks, Batch(draw(st.integers(1, 3)), choices, apart, lambda _: 1.0)


def patterns(stocks: list[Stock], batch: Batch) -> list[tuple[int, ...]]:
    return [
        chosen
        for chosen in product(*batch.choices)
        if all(stocks[chosen[a]].site != stocks[chosen[b]].site for a, b in batch.apart)
    ]


def least_missing(stocks: list[Stock], batch: Batch) -> int:
    """By trying every way."""
    ways = patterns(stocks, batch)

    @lru_cache(None)
    def missing(left: int, used: tuple[int, ...]) -> int:
        if not left:
            return sum(max(0, n - int(stock.units)) for n, stock in zip(used, stocks, strict=True))
        return min(
            missing(left - 1, tuple(n + way.count(place) for place, n in enumerate(used)))
            for way in ways
        )

    return missing(batch.volumes, (0,) * len(stocks))


@given(cases())
@settings(max_examples=300, deadline=None)
def test_it_is_never_more_than_the_least_and_hardly_less(
    case: tuple[list[Stock], Batch],
) -> None:
    stocks, batch = case
    if not patterns(stocks, batch):
        return
    answer = missing_units(stocks, [batch])
    assert answer is not None
    total, least = sum(answer.values()), least_missing(stocks, batch)
    assert total <= least + 1e-6
    assert least < total + 1, "a part of a volume, at most"


def test_volumes_of_two_kinds_share_what_there_is() -> None:
    stocks = [Stock("small", "A", 3), Stock("large", "A", 2)]
    small = Batch(4, ((0, 1),), frozenset(), lambda _: 1.0)
    large = Batch(2, ((1,),), frozenset(), lambda _: 1.0)
    answer = missing_units(stocks, [small, large])
    assert answer is not None
    assert sum(answer.values()) == 1
    assert missing_units(stocks, [small]) == {}


def test_what_cannot_be_looked_through_is_not_claimed() -> None:
    """Twelve roles, each apart from each, on eleven sites: no pattern, and too many to try."""
    stocks = [Stock(n, str(n), 1) for n in range(11)]
    everyone = frozenset((a, b) for a in range(12) for b in range(a))
    batch = Batch(1, (tuple(range(11)),) * 12, everyone, lambda _: 1.0)
    assert missing_units(stocks, [batch]) is None
