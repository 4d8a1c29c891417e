"""Which appliance burns which copy. Pure.

Policy, in this order: copies of one volume on different appliances; not where the copy failed
before; where the least work waits for each drive. A copy goes only where a blank disc is left that
is large enough, and the smallest such disc counts as taken. An appliance gets no more work than
keeps its drives busy; the rest waits here, where it can still go elsewhere.
"""

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field

QUEUED_PER_DRIVE = 2
"""Copies that may be under way for each drive: one in it, one waiting."""


@dataclass(frozen=True, slots=True)
class CopyWanted:
    """A copy to be burned. `beside`: appliances that hold or make other copies of its volume."""

    copy_id: str
    volume_id: str
    image_size_bytes: int
    beside: frozenset[str] = frozenset()
    failed_at: str | None = None


@dataclass(slots=True)
class Candidate:
    """An appliance that could burn. `under_way` counts the copies that it was given already.

    `blanks_bytes` are the capacities of its blank discs that are not promised yet.
    """

    appliance: str
    drives: int
    under_way: int
    blanks_bytes: list[int] = field(default_factory=list)

    @property
    def load(self) -> float:
        return self.under_way / self.drives

    @property
    def is_full(self) -> bool:
        return self.under_way >= self.drives * QUEUED_PER_DRIVE

    def blank_for(self, image_size_bytes: int) -> int | None:
        """Index of the smallest blank disc that holds so much."""
        index = bisect.bisect_left(self.blanks_bytes, image_size_bytes)
        return index if index < len(self.blanks_bytes) else None


@dataclass(frozen=True, slots=True)
class Placement:
    """What was decided: where copies go, and which can go nowhere for want of a blank disc."""

    chosen: dict[str, str]
    without_blank: list[str]


def place(wanted: Iterable[CopyWanted], candidates: Iterable[Candidate]) -> Placement:
    """Give copies to appliances. Copies in neither list of the answer wait for a free place."""
    fleet = [
        Candidate(c.appliance, c.drives, c.under_way, sorted(c.blanks_bytes))
        for c in candidates
        if c.drives > 0
    ]
    chosen: dict[str, str] = {}
    without_blank: list[str] = []
    made_at: dict[str, set[str]] = {}
    for copy in wanted:
        fitting = [c for c in fleet if c.blank_for(copy.image_size_bytes) is not None]
        if not fitting:
            without_blank.append(copy.copy_id)
            continue
        beside = made_at.setdefault(copy.volume_id, set(copy.beside))
        free = [c for c in fitting if not c.is_full]
        if not free:
            continue
        best = min(free, key=lambda c: _preference(c, copy, beside))
        index = best.blank_for(copy.image_size_bytes)
        if index is not None:
            best.blanks_bytes.pop(index)
        best.under_way += 1
        beside.add(best.appliance)
        chosen[copy.copy_id] = best.appliance
    return Placement(chosen, without_blank)


def _preference(
    candidate: Candidate, copy: CopyWanted, beside: set[str]
) -> tuple[bool, bool, float, str]:
    return (
        candidate.appliance in beside,
        candidate.appliance == copy.failed_at,
        candidate.load,
        candidate.appliance,
    )
