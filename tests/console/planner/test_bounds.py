"""Bounds and patterns against the true least number of discs, found by trying everything."""

import random
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from console.planner.arranging import arrange
from console.planner.best_fit import Sizes, best_fit
from console.planner.bounds import quick_bound
from console.planner.package import FILES_PER_VOLUME_MAX, Capacity
from console.planner.patterns import Budget, solve
from console.planner.rooms import OpenRooms

ROOM = 100
CAPACITY = Capacity(ROOM, ROOM, 0)
TWO_KINDS = Capacity(ROOM, 160, 0)


def least_discs(sizes: list[int], room: int = ROOM) -> int:
    """By subsets: the fewest discs, and of those the most room on the last."""

    @lru_cache(None)
    def best(left: int) -> tuple[int, int]:
        if not left:
            return 0, room
        answers = []
        for n, size in enumerate(sizes):
            if left >> n & 1:
                discs, used = best(left & ~(1 << n))
                fits = discs and used + size <= room
                answers.append((discs, used + size) if fits else (discs + 1, size))
        return min(answers)

    return best((1 << len(sizes)) - 1)[0]


def least_with_large_ones(sizes: list[int]) -> int:
    """The fewest discs when only packages over the usual room may begin a large one."""
    ordered = sorted(sizes, reverse=True)

    def go(at: int, rooms: tuple[int, ...], most: int) -> int:
        if len(rooms) >= most:
            return most
        if at == len(ordered):
            return len(rooms)
        size = ordered[at]
        for n in range(len(rooms)):
            if rooms[n] >= size and rooms[n] not in rooms[:n]:
                most = min(most, go(at + 1, (*rooms[:n], rooms[n] - size, *rooms[n + 1 :]), most))
        room = TWO_KINDS.largest_room if size > ROOM else ROOM
        return min(most, go(at + 1, (*rooms, room - size), most))

    return go(0, (), len(sizes) + 1) if sizes else 0


SIZES = st.lists(
    st.integers(1, ROOM) | st.integers(24, 51) | st.integers(32, 36) | st.integers(45, 55),
    min_size=1,
    max_size=11,
)


@given(SIZES)
@settings(max_examples=200, deadline=None)
def test_no_bound_is_above_the_least(sizes: list[int]) -> None:
    least = least_discs(sizes)
    assert quick_bound(sorted(sizes), [1] * len(sizes), CAPACITY, len(sizes))[0] <= least
    counts = [1] * len(sizes)
    assert solve(sizes, counts, ROOM, Budget(10**6), prove=True).bound <= least + 1e-9


@given(st.lists(st.integers(1, 160) | st.integers(95, 160), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_nor_with_larger_discs_for_what_needs_them(sizes: list[int]) -> None:
    found = quick_bound(sorted(sizes), [1] * len(sizes), TWO_KINDS, len(sizes))[0]
    assert found <= least_with_large_ones(sizes)


def test_files_are_a_bound_too() -> None:
    half = FILES_PER_VOLUME_MAX // 2
    assert quick_bound([1, 1, 1], [half, half, half], CAPACITY, 3)[0] == 2
    assert quick_bound([1, 1], [2 * FILES_PER_VOLUME_MAX, 1], CAPACITY, 2)[0] == 2


@given(SIZES)
@settings(max_examples=100, deadline=None)
def test_patterns_find_the_least_of_a_small_group(sizes: list[int]) -> None:
    """Within one disc, and never above best-fit; what they prove is the truth."""
    group = Sizes(sizes, [1] * len(sizes))
    simple = best_fit(group, group.largest_first(), CAPACITY, [])
    bins, bound = arrange(group, CAPACITY, list(simple), 1, Budget(10**6))
    least = least_discs(sizes)
    assert bound <= least <= len(bins) <= min(len(simple), least + 1)
    assert sorted(place for each in bins for place in each.members) == list(range(len(sizes)))
    for each in bins:
        assert each.room == ROOM - sum(sizes[place] for place in each.members) >= 0


def test_without_work_to_spend_nothing_changes_and_nothing_is_claimed() -> None:
    sizes = [34, 34, 51, 16, 33, 51]
    group = Sizes(sizes, [1] * 6)
    simple = best_fit(group, group.largest_first(), CAPACITY, [])
    assert arrange(group, CAPACITY, simple, 2, Budget(0)) == (simple, 2)


def test_open_rooms_give_the_fullest_disc_that_will_do() -> None:
    chance = random.Random(1)
    rooms, model = OpenRooms(), set[tuple[int, int]]()
    for number in range(20_000):
        if chance.random() < 0.6:
            room = chance.randrange(5_000)
            rooms.add(room, number)
            model.add((room, number))
        else:
            wanted = chance.randrange(5_500)
            fitting = [each for each in model if each[0] >= wanted] if number % 50 == 0 else None
            found = rooms.take(wanted)
            if fitting is not None:
                assert found == min(fitting, default=None)
            if found:
                model.remove(found)
        if number % 500 == 0:
            assert rooms.largest == max(model, default=(0, 0))[0]
