"""Out of a local optimum: some drives are emptied and filled anew, and what is better stays. Pure.

The dice have a fixed seed, so the same placement comes out each time. Only for discs: what a disk
or tape has room for depends on the order in which it is filled.
"""

import random

from appliance.contract.states import MediumKind
from console.placement.eligibility import Eligibility
from console.placement.schedule import EPSILON_S, Schedule
from console.placement.search import improve

EMPTIED = 4
"""Drives that are emptied beside the one that ends last."""
_ROUNDS_MAX = 60
_WORK = 2_400
"""Copies that are looked at in all rounds together."""


def shake(schedule: Schedule, eligible: Eligibility, bound_s: float) -> int:
    """Make the last job end earlier, if it can be found; gives how often it was."""
    if any(copy.kind is not MediumKind.DISC for copy in schedule.copies):
        return 0
    better = 0
    for seed in range(min(_ROUNDS_MAX, _WORK // max(1, len(schedule.copies)))):
        before, cost = list(schedule.place), schedule.cost()
        if cost[2] <= bound_s + EPSILON_S:
            break
        if _refill(schedule, eligible, random.Random(seed)):  # noqa: S311 - nothing secret
            improve(schedule, eligible, bound_s)
        if schedule.cost() < cost:
            better += 1
        else:
            _restore(schedule, before)
    return better


def _refill(schedule: Schedule, eligible: Eligibility, dice: random.Random) -> bool:
    """Empty the last drive and some others, and fill them anew; False if a copy finds no place."""
    busy = [
        (end, writer, drive)
        for writer, ends in enumerate(schedule.ends)
        for drive, end in enumerate(ends)
        if schedule.on[writer][drive]
    ]
    peak = max(busy)
    others = [each for each in busy if each != peak]
    chosen = [peak, *dice.sample(others, min(EMPTIED, len(others)))]
    taken = [copy for _, writer, drive in chosen for copy in schedule.on[writer][drive]]
    for copy in taken:
        schedule.take(copy)
    dice.shuffle(taken)
    return all(_put(schedule, eligible, copy) for copy in taken)


def _put(schedule: Schedule, eligible: Eligibility, copy: int) -> bool:
    wanted, best = schedule.copies[copy], None
    for writer in eligible.writers(wanted):
        drive = schedule.soonest(writer)
        end = schedule.ends[writer][drive] + schedule.seconds[writer][copy]
        if (best is None or end < best[0]) and schedule.may(copy, writer, share=False):
            best = end, writer, drive
    if best is None or schedule.writers[best[1]].appliance in wanted.failed_at:
        return False
    schedule.put(copy, best[1], best[2])
    return True


def _restore(schedule: Schedule, before: list[tuple[int, int] | None]) -> None:
    """Everything as it was."""
    moved = [copy for copy, place in enumerate(before) if schedule.place[copy] != place]
    for copy in moved:
        if schedule.place[copy] is not None:
            schedule.take(copy)
    for copy in moved:
        place = before[copy]
        if place is not None:
            schedule.put(copy, *place)
