"""Local search: what is done last is done elsewhere, or changes places, until nothing helps. Pure.

Only the drive that ends last counts, so only its copies are moved: to another drive, against a copy
of another drive, or to a drive from which another copy moves on first. Every step makes that drive
end earlier and no other one end later than it did, so the search ends; it takes the best step of a
kind, and of equal ones the first, so it always gives the same.
"""

from typing import NamedTuple

from console.placement.eligibility import Eligibility
from console.placement.schedule import EPSILON_S, Schedule

STEPS_MAX = 2_000
WORK_MAX = 3_000_000
"""Exchanges looked at for one placement: some seconds. Large plans end close to the bound."""


class _Drive(NamedTuple):
    """A drive and when it ends."""

    end: float
    writer: int
    drive: int


def improve(schedule: Schedule, eligible: Eligibility, bound_s: float) -> int:
    """Make the last job end earlier, down to `bound_s` at best; gives the number of steps."""
    may = [frozenset(eligible.writers(copy)) for copy in schedule.copies]
    left = WORK_MAX
    for step in range(STEPS_MAX):
        drives = _drives(schedule)
        peak = next((d for d in drives if schedule.on[d.writer][d.drive]), None)
        if peak is None or peak.end <= bound_s + EPSILON_S:
            return step
        one = _Step(schedule, may, peak, drives[::-1], left)
        if not one.take():
            return step
        left = one.left
    return STEPS_MAX


def _drives(schedule: Schedule) -> list[_Drive]:
    """Every drive, the last to end first."""
    found = [
        _Drive(end, writer, drive)
        for writer, ends in enumerate(schedule.ends)
        for drive, end in enumerate(ends)
    ]
    return sorted(found, key=lambda d: (-d.end, d.writer, d.drive))


class _Step:
    """One step: relieve the drive that ends last. `others` are all drives, the first free first."""

    def __init__(
        self,
        schedule: Schedule,
        may: list[frozenset[int]],
        peak: _Drive,
        others: list[_Drive],
        left: int,
    ) -> None:
        self._schedule = schedule
        self._may = may
        self._peak = peak
        self._below = [d for d in others if d.end < peak.end - EPSILON_S]
        self._mine = list(schedule.on[peak.writer][peak.drive])
        self.left = left

    def take(self) -> bool:
        """Take the best step there is; False if there is none."""
        return self._move() or self._exchange() or self._relay()

    def _move(self) -> bool:
        """A copy goes to a drive where it is done before the peak."""
        seconds, best, chosen = self._schedule.seconds, self._peak.end - EPSILON_S, None
        for copy in self._mine:
            for to in self._below:
                end = to.end + seconds[to.writer][copy]
                if end < best and self._allowed(copy, to.writer):
                    best, chosen = end, (copy, to)
        if chosen is None:
            return False
        self._carry(chosen[0], chosen[1].writer, chosen[1].drive)
        return True

    def _exchange(self) -> bool:
        """Two copies change places, and both drives end before the peak."""
        schedule, peak = self._schedule, self._peak
        limit = peak.end - EPSILON_S
        best, chosen = limit, None
        here = schedule.seconds[peak.writer]
        for to in self._below:
            there = schedule.seconds[to.writer]
            self.left -= len(self._mine) * len(schedule.on[to.writer][to.drive])
            if self.left < 0:
                break
            for other in schedule.on[to.writer][to.drive]:
                without_s, left_s = to.end - there[other], here[other]
                for copy in self._mine:
                    if left_s >= here[copy] or without_s + there[copy] >= best:
                        continue
                    end = max(without_s + there[copy], peak.end - here[copy] + left_s)
                    if end < best and self._may_exchange(copy, other, to.writer):
                        best, chosen = end, (copy, other, to)
            if chosen is not None:
                break  # drives that end later hold less for us
        if chosen is None:
            return False
        copy, other, to = chosen
        schedule.take(copy)
        schedule.take(other)
        schedule.put(copy, to.writer, to.drive)
        schedule.put(other, peak.writer, peak.drive)
        return True

    def _relay(self) -> bool:
        """A copy goes to a drive from which another one moves on to a third."""
        schedule, limit = self._schedule, self._peak.end - EPSILON_S
        for copy in self._mine:
            for to in self._below:
                there = schedule.seconds[to.writer]
                self.left -= len(schedule.on[to.writer][to.drive])
                if self.left < 0:
                    return False
                for other in schedule.on[to.writer][to.drive]:
                    if to.end - there[other] + there[copy] >= limit:
                        continue
                    if self._pass_on(copy, other, to, limit):
                        return True
        return False

    def _pass_on(self, copy: int, other: int, to: _Drive, limit: float) -> bool:
        """Let `other` go where it ends before the limit, and `copy` take its place."""
        schedule = self._schedule
        least_s = min(seconds[other] for seconds in schedule.seconds)
        for third in self._below:
            if third.end + least_s >= limit:
                return False  # those after it end later still
            ends_s = third.end + schedule.seconds[third.writer][other]
            if ends_s >= limit or third == to or not self._allowed(other, third.writer):
                continue
            was = schedule.take(other)
            schedule.put(other, third.writer, third.drive)
            if self._allowed(copy, to.writer):
                self._carry(copy, to.writer, to.drive)
                return True
            schedule.take(other)
            schedule.put(other, *was)
        return False

    def _allowed(self, copy: int, writer: int) -> bool:
        """Whether a copy may go there. Within its own appliance it always may."""
        place = self._schedule.place[copy]
        if place is not None and place[0] == writer:
            return True
        if writer not in self._may[copy]:
            return False
        if self._schedule.writers[writer].appliance in self._schedule.copies[copy].failed_at:
            return False
        return self._schedule.may(copy, writer, share=False)

    def _may_exchange(self, copy: int, other: int, writer: int) -> bool:
        schedule, home = self._schedule, self._peak.writer
        if writer == home:
            return True
        if writer not in self._may[copy] or home not in self._may[other]:
            return False
        writers, copies = schedule.writers, schedule.copies
        if copies[copy].volume_id == copies[other].volume_id:
            return False
        if (
            writers[writer].appliance in copies[copy].failed_at
            or writers[home].appliance in copies[other].failed_at
        ):
            return False
        return schedule.may(copy, writer, share=False, instead_of=other) and schedule.may(
            other, home, share=False, instead_of=copy
        )

    def _carry(self, copy: int, writer: int, drive: int) -> None:
        self._schedule.take(copy)
        self._schedule.put(copy, writer, drive)
