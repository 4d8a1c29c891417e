"""Which appliance writes which copy. Pure.

Policy, in this order: copies of one volume on different appliances; not where the copy failed
before; where the least work waits for each drive. A copy goes only where a medium of its kind is
left with room for it. A blank disc is taken whole, the smallest that will do; a disk or a tape
gives of its room, the one with the least that will do. An appliance gets no more work of a kind
than keeps its drives busy; the rest waits here, where it can still go elsewhere.
"""

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.contract.states import MediumKind

QUEUED_PER_DRIVE = 2
"""Copies that may be under way for each drive: one in it, one waiting."""


@dataclass(frozen=True, slots=True)
class CopyWanted:
    """A copy to be written. `beside`: appliances that hold or make other copies of its volume."""

    copy_id: str
    volume_id: str
    image_size_bytes: int
    beside: frozenset[str] = frozenset()
    failed_at: str | None = None
    kind: MediumKind = MediumKind.DISC


@dataclass(slots=True)
class Candidate:
    """What an appliance has for one kind. `under_way` counts the copies that it was given already.

    `room_bytes` is the room of each medium that is not promised yet.
    """

    appliance: str
    drives: int
    under_way: int
    room_bytes: list[int] = field(default_factory=list)
    kind: MediumKind = MediumKind.DISC

    @property
    def load(self) -> float:
        return self.under_way / self.drives

    @property
    def is_full(self) -> bool:
        return self.under_way >= self.drives * QUEUED_PER_DRIVE

    def has_room(self, size_bytes: int) -> bool:
        return bool(self.room_bytes) and self.room_bytes[-1] >= size_bytes

    def take(self, size_bytes: int) -> None:
        """Promise the room for a copy; there must be room."""
        room = self.room_bytes.pop(bisect.bisect_left(self.room_bytes, size_bytes))
        if self.kind is not MediumKind.DISC:
            bisect.insort(self.room_bytes, room - size_bytes)
        self.under_way += 1


@dataclass(frozen=True, slots=True)
class Placement:
    """What was decided: where copies go, and which can go nowhere for want of a medium."""

    chosen: dict[str, str]
    without_room: list[str]


def place(wanted: Iterable[CopyWanted], candidates: Iterable[Candidate]) -> Placement:
    """Give copies to appliances. Copies in neither list of the answer wait for a free place."""
    fleet = [
        Candidate(c.appliance, c.drives, c.under_way, sorted(c.room_bytes), c.kind)
        for c in candidates
        if c.drives > 0
    ]
    chosen: dict[str, str] = {}
    without_room: list[str] = []
    made_at: dict[str, set[str]] = {}
    for copy in wanted:
        fitting = [c for c in fleet if c.kind is copy.kind and c.has_room(copy.image_size_bytes)]
        if not fitting:
            without_room.append(copy.copy_id)
            continue
        beside = made_at.setdefault(copy.volume_id, set(copy.beside))
        free = [c for c in fitting if not c.is_full]
        if not free:
            continue
        best = min(free, key=lambda c: _preference(c, copy, beside))
        best.take(copy.image_size_bytes)
        beside.add(best.appliance)
        chosen[copy.copy_id] = best.appliance
    return Placement(chosen, without_room)


def _preference(
    candidate: Candidate, copy: CopyWanted, beside: set[str]
) -> tuple[bool, bool, float, str]:
    return (
        candidate.appliance in beside,
        candidate.appliance == copy.failed_at,
        candidate.load,
        candidate.appliance,
    )
