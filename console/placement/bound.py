"""When the last copy is done at the earliest, whatever anybody does: proven bounds. Pure.

Rooms, pools and neighbours only ever delay, so they may be left out. What is kept: each copy takes
a drive of an appliance that may have it, for that appliance's time; a drive is free from a moment
on, and does one copy at a time. For every group of copies that only certain drives may take:

- the longest: no copy is done before its own best drive could do it;
- the area: work cannot be more than what the drives have left until the end;
- the crowd: among the k*m+1 longest copies on m drives, one drive has k+1 of them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

from console.placement.eligibility import Eligibility
from console.placement.schedule import Schedule, free_at

_HALVINGS = 60


def lower_bound(schedule: Schedule, eligible: Eligibility, placed: Sequence[int]) -> float:
    """The latest of all bounds, in seconds from now, for these copies all being written."""
    able: dict[int, frozenset[int]] = {
        copy: frozenset(eligible.writers(schedule.copies[copy])) for copy in placed
    }
    groups: defaultdict[frozenset[int], list[int]] = defaultdict(list)
    for copy in placed:
        groups[able[copy]].append(copy)
    whole = frozenset().union(*groups) if groups else frozenset()
    bound_s = 0.0
    for drives in {*groups, whole}:
        inside = [copy for copy in placed if able[copy] <= drives]
        bound_s = max(bound_s, _of_group(schedule, inside, sorted(drives)))
    return bound_s


def _of_group(schedule: Schedule, copies: list[int], writers: list[int]) -> float:
    if not copies or not writers:
        return 0.0
    free = {writer: free_at(schedule.writers[writer]) for writer in writers}
    seconds = schedule.seconds
    longest = max(min(free[w][0] + seconds[w][copy] for w in writers) for copy in copies)
    least = sorted((min(seconds[w][copy] for w in writers) for copy in copies), reverse=True)
    drives = [(at, w) for w in writers for at in free[w]]
    return max(longest, _crowd(least, len(drives), min(drives)[0]), _area(schedule, copies, drives))


def _crowd(least: list[float], drives: int, free_s: float) -> float:
    bound_s = 0.0
    for rounds in range(1, (len(least) - 1) // drives + 1):
        last = rounds * drives
        bound_s = max(bound_s, free_s + sum(least[last - rounds : last + 1]))
    return bound_s


def _area(schedule: Schedule, copies: list[int], drives: list[tuple[float, int]]) -> float:
    """The earliest end at which the drives have time for all copies, in two currencies.

    In seconds, each copy at its fastest; and in bytes, each drive at its own pace and at least its
    own handling for each copy.
    """
    writers = sorted({writer for _, writer in drives})
    work_s = sum(min(schedule.seconds[w][copy] for w in writers) for copy in copies)
    end = _earliest(lambda at: sum(max(0.0, at - free) for free, _ in drives) >= work_s)
    least_bytes = min(schedule.copies[copy].size_bytes for copy in copies)
    most_bytes = max(schedule.copies[copy].size_bytes for copy in copies)
    if not least_bytes:
        return end
    total = sum(schedule.copies[copy].size_bytes for copy in copies)
    # A copy as large as the largest has the least handling for each byte.
    rate = {w: most_bytes / schedule.writers[w].pace.seconds(most_bytes) for w in writers}
    return max(
        end,
        _earliest(lambda at: sum(max(0.0, at - free) * rate[w] for free, w in drives) >= total),
    )


def _earliest(enough: Callable[[float], bool]) -> float:
    """The least end at which there is enough, from below."""
    high = 1.0
    while not enough(high):
        high *= 2
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return low
