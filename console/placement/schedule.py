"""A placement while it is worked out: every copy on a drive of an appliance, and what is allowed.

Each drive is one machine. It is free once the work that it was given before, and what holds its
appliance up, are over. A copy takes it for as long as the appliance's pace says.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence

from console.placement.fleet import Wanted, Writer
from console.placement.room import book_of

EPSILON_S = 1e-6


class Schedule:
    """Copies, writers, and which copy is on which drive. Indexes stand for the things themselves.

    `taken` counts the copies of each volume in each appliance; two copies in one appliance *share*
    it, which is allowed where no rule forbids it and costs more than any delay.
    """

    def __init__(self, copies: Sequence[Wanted], writers: Sequence[Writer]) -> None:
        self.copies = copies
        self.writers = writers
        self.books = [book_of(writer) for writer in writers]
        self.ends = [free_at(writer) for writer in writers]
        self.on: list[list[list[int]]] = [[[] for _ in ends] for ends in self.ends]
        self.place: list[tuple[int, int] | None] = [None] * len(copies)
        self.seconds = _seconds(copies, writers)
        self._taken: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._roles: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        self._apart: defaultdict[str, dict[str, tuple[frozenset[str], frozenset[str]]]] = (
            defaultdict(dict)
        )
        for copy in copies:
            self._apart[copy.volume_id][copy.role] = copy.sites_apart, copy.appliances_apart
            if copy.volume_id not in self._roles:
                for other in copy.beside:
                    self._count(copy.volume_id, other.role, other.appliance, other.site)

    # --- what is allowed ----------------------------------------------------------------------

    def shares(self, copy: int, writer: int) -> bool:
        """Whether another copy of the volume is in that appliance."""
        wanted, appliance = self.copies[copy], self.writers[writer].appliance
        own = self.place[copy]
        mine = own is not None and self.writers[own[0]].appliance == appliance
        return self._taken.get((wanted.volume_id, appliance), 0) > mine

    def parted(self, copy: int, writer: int) -> str:
        """The role of a copy that this one must not stand beside there; empty if there is none."""
        wanted, there = self.copies[copy], self.writers[writer]
        for role, appliance, site in self._roles.get(wanted.volume_id, ()):
            if role == wanted.role:
                continue
            theirs = self._apart[wanted.volume_id].get(role, (frozenset(), frozenset()))
            if site == there.site and (role in wanted.sites_apart or wanted.role in theirs[0]):
                return role
            if appliance == there.appliance and (
                role in wanted.appliances_apart or wanted.role in theirs[1]
            ):
                return role
        return ""

    def may(self, copy: int, writer: int, *, share: bool, instead_of: int | None = None) -> bool:
        """Whether a copy may go there now, `instead_of` having left. Static rules are not asked."""
        other = self.copies[instead_of] if instead_of is not None else None
        if not self.books[writer].fits(self.copies[copy], other):
            return False
        if not share and self.shares(copy, writer):
            return False
        return not self.parted(copy, writer)

    # --- changes ------------------------------------------------------------------------------

    def soonest(self, writer: int) -> int:
        """The drive that is free first."""
        ends = self.ends[writer]
        return ends.index(min(ends))

    def put(self, copy: int, writer: int, drive: int) -> None:
        """Give a copy to a drive; it must be allowed there."""
        wanted, there = self.copies[copy], self.writers[writer]
        self.books[writer].take(wanted)
        self.ends[writer][drive] += self.seconds[writer][copy]
        self.on[writer][drive].append(copy)
        self.place[copy] = writer, drive
        self._count(wanted.volume_id, wanted.role, there.appliance, there.site)

    def take(self, copy: int) -> tuple[int, int]:
        """Take a copy from its drive; gives where it was."""
        place = self.place[copy]
        if place is None:
            raise ValueError("the copy is on no drive")
        writer, drive = place
        wanted, there = self.copies[copy], self.writers[writer]
        self.books[writer].give_back(wanted)
        self.ends[writer][drive] -= self.seconds[writer][copy]
        self.on[writer][drive].remove(copy)
        self.place[copy] = None
        self._taken[wanted.volume_id, there.appliance] -= 1
        self._roles[wanted.volume_id].remove((wanted.role, there.appliance, there.site))
        return place

    def _count(self, volume_id: str, role: str, appliance: str, site: str) -> None:
        self._taken[volume_id, appliance] += 1
        self._roles[volume_id].append((role, appliance, site))

    # --- how good it is -----------------------------------------------------------------------

    def makespan(self) -> float:
        """When the last drive that has any of these copies is free of them."""
        return max(
            (
                end
                for ends, on in zip(self.ends, self.on, strict=True)
                for end, copies in zip(ends, on, strict=True)
                if copies
            ),
            default=0.0,
        )

    def cost(self) -> tuple[int, int, float]:
        """Copies without a place, copies that share an appliance, makespan: less is better."""
        placed = [(c, place[0]) for c, place in enumerate(self.place) if place is not None]
        sharing = sum(self.shares(copy, writer) for copy, writer in placed)
        return len(self.copies) - len(placed), sharing, self.makespan()


def free_at(writer: Writer) -> list[float]:
    """When each drive is free: work under way goes to the drive that is free first."""
    ends = [writer.delay_s] * writer.drives
    if writer.drives:
        heapq.heapify(ends)
        for seconds in sorted(writer.under_way_s, reverse=True):
            heapq.heapreplace(ends, ends[0] + seconds)
    return sorted(ends)


def _seconds(copies: Sequence[Wanted], writers: Sequence[Writer]) -> list[list[float]]:
    """By writer, how long each copy takes. Writers of one pace share the same list."""
    known: dict[object, list[float]] = {}
    for writer in writers:
        if writer.pace not in known:
            known[writer.pace] = [writer.pace.seconds(copy.size_bytes) for copy in copies]
    return [known[writer.pace] for writer in writers]
