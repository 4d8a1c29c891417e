"""The first placement: copies one after the other, each where it would be done soonest. Pure.

The longest copy goes first (LPT); where that leaves a copy without a place of its own, the copy
with the fewest places goes first. A copy for which nothing is left gets a place by asking others to
move on: along the shortest chain of copies of which each can go where the next one was.
"""

from collections import deque
from collections.abc import Sequence

from console.placement.eligibility import Eligibility
from console.placement.fleet import Wanted
from console.placement.schedule import Schedule

CHAIN_VISITS_MAX = 400
"""Appliances that are looked at before a copy is left without a place."""


def longest_first(schedule: Schedule, eligible: Eligibility) -> list[int]:
    """Copies by how long they take at least; what a person pinned comes before."""
    return _ordered(schedule, eligible, scarce=False)


def scarcest_first(schedule: Schedule, eligible: Eligibility) -> list[int]:
    """Copies by how few appliances could take them, then by how long they take."""
    return _ordered(schedule, eligible, scarce=True)


def _ordered(schedule: Schedule, eligible: Eligibility, *, scarce: bool) -> list[int]:
    def key(copy: int) -> tuple[object, ...]:
        wanted = schedule.copies[copy]
        writers = eligible.writers(wanted)
        least_s = min((schedule.seconds[w][copy] for w in writers), default=0.0)
        few = len(writers) if scarce else 0
        return wanted.pinned is None, few, -least_s, wanted.volume_id, wanted.role, wanted.copy_id

    return sorted(range(len(schedule.copies)), key=key)


def fill(schedule: Schedule, eligible: Eligibility, order: Sequence[int]) -> None:
    """Give every copy a drive, as far as there are places."""
    left = [copy for copy in order if not _give(schedule, eligible, copy, share=False)]
    left = [copy for copy in left if not _make_way(schedule, eligible, copy)]
    for copy in left:
        if schedule.copies[copy].may_share:
            _give(schedule, eligible, copy, share=True)


def _give(schedule: Schedule, eligible: Eligibility, copy: int, *, share: bool) -> bool:
    """Put a copy where it would be done soonest; not where it failed, if it can be helped."""
    wanted = schedule.copies[copy]
    best: tuple[bool, float, int] | None = None
    drive = 0
    for writer in eligible.writers(wanted):
        soonest = schedule.soonest(writer)
        end = schedule.ends[writer][soonest] + schedule.seconds[writer][copy]
        found = _failed_there(wanted, schedule, writer), end, writer
        if (best is None or found < best) and schedule.may(copy, writer, share=share):
            best, drive = found, soonest
    if best is None:
        return False
    schedule.put(copy, best[2], drive)
    return True


def _failed_there(wanted: Wanted, schedule: Schedule, writer: int) -> bool:
    return schedule.writers[writer].appliance in wanted.failed_at


def _make_way(schedule: Schedule, eligible: Eligibility, copy: int) -> bool:
    """Breadth first: the fewest copies move. The last of a chain goes where a place is free."""
    came: dict[int, tuple[int, int] | None] = {}
    queue: deque[int] = deque()
    for writer in eligible.writers(schedule.copies[copy]):
        if not schedule.shares(copy, writer) and not schedule.parted(copy, writer):
            came[writer] = None
            queue.append(writer)
    visits = 0
    while queue and visits < CHAIN_VISITS_MAX:
        writer = queue.popleft()
        visits += 1
        for other in [c for on in schedule.on[writer] for c in on]:
            for target in eligible.writers(schedule.copies[other]):
                if target in came:
                    continue
                came[target] = other, writer
                if schedule.may(other, target, share=False) and _shift(
                    schedule, copy, _chain(came, target)
                ):
                    return True
                queue.append(target)
    return False


def _chain(came: dict[int, tuple[int, int] | None], target: int) -> list[tuple[int, int]]:
    """Which copy goes to which writer, the last first."""
    moves: list[tuple[int, int]] = []
    while (step := came[target]) is not None:
        moves.append((step[0], target))
        target = step[1]
    return moves


def _shift(schedule: Schedule, copy: int, moves: list[tuple[int, int]]) -> bool:
    """Make the moves, then place the copy where the first one left; all of it, or nothing."""
    back: list[tuple[int, tuple[int, int]]] = []
    first = schedule.place[moves[-1][0]]
    if first is None:
        return False
    for other, target in moves:
        was = schedule.take(other)
        if not schedule.may(other, target, share=False):
            schedule.put(other, *was)
            break
        schedule.put(other, target, schedule.soonest(target))
        back.append((other, was))
    else:
        if schedule.may(copy, first[0], share=False):
            schedule.put(copy, first[0], schedule.soonest(first[0]))
            return True
    for other, was in reversed(back):
        schedule.take(other)
        schedule.put(other, *was)
    return False
