"""Packing packages into volumes: the archive's rules, as few discs as can be, always the same way.

1. A dossier never spans discs: a package is put whole or not at all.
2. A disc never mixes series, nor namespaces; by the policy neither years nor retention periods.

Each group is packed for itself, by best-fit decreasing. Where that takes more discs than the
proven bound, patterns of sizes are tried (`console.planner.patterns`), the group with the widest
gap first, as long as there is work to spend. Discs of the largest capacity are used only for
packages that the usual disc cannot hold. The result depends on what is packed alone, not on the
order in which it is given, nor on the time that it takes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from console.planner.arranging import arrange, worth_arranging
from console.planner.best_fit import Bin, Opening, Sizes, best_fit
from console.planner.bounds import BoundKind, quick_bound
from console.planner.grouping import Grouping, GroupKey, group_packages
from console.planner.package import SECTOR_BYTES, Capacity, PackageSize, natural_key
from console.planner.patterns import Budget

WORK_MAX = 8_000_000
"""Steps of search for one packing: some seconds."""


@dataclass(slots=True)
class PackedVolume:
    """The packages of one disc, by dossier, and how the disc came to be."""

    group: GroupKey
    capacity_sectors: int
    fixed_sectors: int
    packages: list[PackageSize]
    opening: Opening
    roomiest_sectors: int = 0
    """The room of the emptiest disc of its group when this one was begun."""

    @property
    def fonds(self) -> str:
        return self.group.fonds

    @property
    def series(self) -> str:
        return self.group.series

    @property
    def capacity_bytes(self) -> int:
        return self.capacity_sectors * SECTOR_BYTES

    @property
    def sectors(self) -> int:
        return self.fixed_sectors + sum(package.sectors for package in self.packages)

    @property
    def free_sectors(self) -> int:
        return self.capacity_sectors - self.sectors


@dataclass(slots=True)
class Group:
    """One group packed: its volumes, the bound that was proven, and how."""

    key: GroupKey
    volumes: list[PackedVolume]
    lower_bound: int
    bound_by: BoundKind
    smallest_sectors: list[int]
    """Of its two smallest packages, or of the only one."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Groups in the order of their keys, and packages that no disc can hold."""

    groups: list[Group]
    too_large: list[PackageSize]
    capacity: Capacity
    grouping: Grouping = field(default_factory=Grouping)

    @property
    def volumes(self) -> list[PackedVolume]:
        """In the order of their labels."""
        return [volume for group in self.groups for volume in group.volumes]

    @property
    def lower_bound(self) -> int:
        """The discs below which nobody could keep to the rules with these packages."""
        return sum(group.lower_bound for group in self.groups)


@dataclass(slots=True)
class _Work:
    """A group on its way: packages in natural order, and its discs so far."""

    key: GroupKey
    packages: Sequence[PackageSize]
    sizes: Sizes
    bins: list[Bin]
    bound: int
    bound_by: BoundKind


def pack(
    packages: Iterable[PackageSize], capacity: Capacity, grouping: Grouping | None = None
) -> Packing:
    """Put every package into a volume, or name it as too large."""
    grouping = grouping or Grouping()
    fitting: list[PackageSize] = []
    too_large: list[PackageSize] = []
    for package in packages:
        (fitting if package.sectors <= capacity.largest_room else too_large).append(package)
    works = [
        _pack_group(key, members, capacity)
        for key, members in group_packages(fitting, grouping).items()
    ]
    _improve(works, capacity)
    too_large.sort(key=lambda package: (package.fonds, package.series, *_place(package)))
    return Packing([_finished(work, capacity) for work in works], too_large, capacity, grouping)


def _pack_group(key: GroupKey, members: list[PackageSize], capacity: Capacity) -> _Work:
    members.sort(key=_place)
    sizes = Sizes([each.sectors for each in members], [each.files for each in members])
    order = sizes.largest_first()
    bins = best_fit(sizes, order, capacity, [])
    sectors = [sizes.sectors[place] for place in reversed(order)]
    bound, bound_by = quick_bound(sectors, sizes.files, capacity, len(bins))
    return _Work(key, members, sizes, bins, bound, bound_by)


def _improve(works: Sequence[_Work], capacity: Capacity) -> None:
    """Spend the work that may be spent on the groups with gaps, by the width of each."""
    hopeful = [
        work for work in works if worth_arranging(work.sizes, capacity, len(work.bins), work.bound)
    ]
    hopeful.sort(key=lambda work: (work.bound - len(work.bins), work.key.order))
    gaps = sum(len(work.bins) - work.bound for work in hopeful)
    left = WORK_MAX
    for work in hopeful:
        gap, before = len(work.bins) - work.bound, work.bound
        budget = Budget(left * gap // gaps)
        left, gaps = left - budget.left, gaps - gap
        work.bins, work.bound = arrange(work.sizes, capacity, work.bins, work.bound, budget)
        left += budget.left
        if work.bound > before:
            work.bound_by = BoundKind.PATTERNS


def _finished(work: _Work, capacity: Capacity) -> Group:
    """Volumes in the order of their first dossiers, the dossiers on each in natural order."""
    for each in work.bins:
        each.members.sort()
    volumes = [
        PackedVolume(
            work.key,
            capacity.largest_sectors if each.is_large else capacity.usual_sectors,
            capacity.fixed_sectors,
            [work.packages[place] for place in each.members],
            each.opening,
            each.roomiest,
        )
        for each in sorted(work.bins, key=lambda each: each.members[0])
    ]
    smallest = nsmallest(2, work.sizes.sectors)
    return Group(work.key, volumes, work.bound, work.bound_by, smallest)


def _place(package: PackageSize) -> tuple[str, str]:
    return natural_key(package.dossier), package.package_id
