"""Deciding where copies go: a first placement two ways, made better, and told why. Pure.

The same copies and the same fleet give the same placement, in whatever order they are given.
"""

from collections.abc import Callable, Iterable, Sequence

from console.placement.bound import lower_bound
from console.placement.eligibility import Eligibility
from console.placement.explaining import explain_choice, explain_nowhere
from console.placement.fleet import Choice, NoPlace, Placement, Wanted, Writer
from console.placement.greedy import fill, longest_first, scarcest_first
from console.placement.schedule import Schedule
from console.placement.search import improve
from console.placement.shaking import shake

Order = Callable[[Schedule, Eligibility], list[int]]


def place(copies: Iterable[Wanted], fleet: Iterable[Writer]) -> Placement:
    """Give every copy an appliance, as far as there are places.

    In this order: as many copies as possible have a place; as few as possible share an appliance
    with another copy of their volume; the last is done as early as can be found.
    """
    wanted = sorted(copies, key=lambda copy: (copy.volume_id, copy.role, copy.copy_id))
    writers = sorted(fleet, key=lambda writer: (writer.appliance, writer.kind))
    if not wanted:
        return Placement()
    schedule, eligible, bound_s = _best(wanted, writers)
    choices: dict[str, Choice] = {}
    nowhere: dict[str, NoPlace] = {}
    for index, copy in enumerate(wanted):
        if schedule.place[index] is None:
            nowhere[copy.copy_id] = explain_nowhere(schedule, eligible, index)
    ends = _ends(schedule)
    for index, copy in enumerate(wanted):
        if (at := schedule.place[index]) is not None:
            choices[copy.copy_id] = Choice(
                copy.copy_id,
                writers[at[0]].appliance,
                schedule.seconds[at[0]][index],
                ends[index],
                schedule.shares(index, at[0]),
                explain_choice(schedule, eligible, index, ends[index]),
            )
    return Placement(choices, nowhere, schedule.makespan(), bound_s)


def _best(
    wanted: Sequence[Wanted], writers: Sequence[Writer]
) -> tuple[Schedule, Eligibility, float]:
    """The better of two schedules; the second is tried when the first leaves something to wish."""
    best: tuple[Schedule, Eligibility, float] | None = None
    orders: tuple[Order, ...] = (longest_first, scarcest_first)
    for order in orders:
        schedule = Schedule(wanted, writers)
        eligible = Eligibility(schedule)
        fill(schedule, eligible, order(schedule, eligible))
        placed = [index for index, place in enumerate(schedule.place) if place is not None]
        bound_s = lower_bound(schedule, eligible, placed)
        improve(schedule, eligible, bound_s)
        shake(schedule, eligible, bound_s)
        if best is None or schedule.cost() < best[0].cost():
            best = schedule, eligible, bound_s
        unplaced, sharing, _ = schedule.cost()
        if not unplaced and not sharing:
            break
    if best is None:
        raise ValueError("nothing was tried")
    return best


def _ends(schedule: Schedule) -> list[float]:
    """When each copy is done: a drive takes its longest copy first."""
    ends = [0.0] * len(schedule.copies)
    for writer, drives in enumerate(schedule.on):
        seconds = schedule.seconds[writer]
        for drive, copies in enumerate(drives):
            end = schedule.ends[writer][drive]
            for copy in sorted(copies, key=lambda c: (seconds[c], c)):
                ends[copy] = end
                end -= seconds[copy]
    return ends
