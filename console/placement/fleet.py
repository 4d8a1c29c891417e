"""What a fleet can write with, and what is to be written: the two sides of a placement. Pure."""

from dataclasses import dataclass, field

from appliance.contract.states import MediumKind


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an appliance writes and reads back one kind of medium."""

    burn_bytes_per_s: float
    verify_bytes_per_s: float
    handling_s: float
    """Everything of a job but writing and reading: fetching the medium, loading, bringing back."""
    measured: int = 0
    """Past jobs that these figures come from; 0 where they are nominal."""

    def seconds(self, size_bytes: int) -> float:
        """How long a drive is taken by one copy of this size."""
        burn_s = size_bytes / self.burn_bytes_per_s
        return self.handling_s + burn_s + size_bytes / self.verify_bytes_per_s


@dataclass(frozen=True, slots=True)
class Room:
    """A medium that can be written. A blank disc is taken whole; disks and tapes give of theirs."""

    free_bytes: int
    capacity_bytes: int


@dataclass(frozen=True, slots=True)
class Delay:
    """Something that is not as it should be, and by how much it puts an appliance back."""

    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Writer:
    """What one appliance has for one kind of medium."""

    appliance: str
    site: str
    kind: MediumKind
    drives: int
    """How many copies it can write at once; those out of service do not count."""
    rooms: tuple[Room, ...]
    """The media that are not promised to work that is under way."""
    pace: Pace
    under_way_s: tuple[float, ...] = ()
    """How long each copy that it was given already will still take a drive."""
    delays: tuple[Delay, ...] = ()
    unfit: str = ""
    """Why it may be given nothing at all; empty when it may."""

    @property
    def delay_s(self) -> float:
        return sum(delay.seconds for delay in self.delays)


@dataclass(frozen=True, slots=True)
class Beside:
    """A copy of the same volume that exists or is being made. `role` is its own."""

    role: str
    appliance: str
    site: str


@dataclass(frozen=True, slots=True)
class Source:
    """The media that a copy may be written on, by its pool. Copies of one pool share one object."""

    pool: str = ""
    appliances: frozenset[str] | None = None
    """Those that the pool reaches; None for all."""
    capacity_floor_bytes: int = 0
    unfit: tuple[tuple[str, str], ...] = ()
    """Appliances that this policy's copies may not be written in, each with the reason."""


ANY = Source()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A copy to be written."""

    copy_id: str
    volume_id: str
    role: str
    size_bytes: int
    kind: MediumKind = MediumKind.DISC
    source: Source = ANY
    sites_apart: frozenset[str] = frozenset()
    """Roles of the same volume that must be on another site."""
    appliances_apart: frozenset[str] = frozenset()
    """Roles of the same volume that must be in another appliance, whatever it costs."""
    beside: tuple[Beside, ...] = ()
    pinned: str | None = None
    """The appliance that a person chose; no other will do."""
    failed_at: frozenset[str] = frozenset()
    """Where it was tried already: chosen again only if nothing else will do."""
    may_share: bool = True
    """Whether it may stand in one appliance with another copy when nothing else will do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a copy goes, when its drive is free of it again, and why there."""

    copy_id: str
    appliance: str
    seconds: float
    """How long it takes a drive."""
    ends_s: float
    """When it is done, in seconds from now."""
    shares: bool
    """Whether another copy of its volume is in that appliance: nothing else was left."""
    reason: str


@dataclass(frozen=True, slots=True)
class NoPlace:
    """A copy that can go nowhere, and why, appliance by appliance in groups."""

    copy_id: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Placement:
    """What was decided. `makespan_s` is when the last of these copies is done, from now."""

    choices: dict[str, Choice] = field(default_factory=dict)
    nowhere: dict[str, NoPlace] = field(default_factory=dict)
    makespan_s: float = 0.0
    lower_bound_s: float = 0.0
    """Nobody could be done earlier, whatever he did."""
