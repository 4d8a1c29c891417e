"""Packing packages into volumes: the two rules, as few discs as possible, always the same way.

1. A dossier never spans discs: a package is put whole or not at all.
2. A disc never mixes series: each (fonds, series) is packed for itself.

Within a series, best-fit decreasing: the largest package first, each into the fullest volume that
still has room. At most one volume stays half empty. Discs of the largest capacity are used only
for packages that the usual disc cannot hold. The result depends on what is packed alone, not on
the order in which it is given.
"""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

SECTOR_BYTES = 2_048
FILES_PER_VOLUME_MAX = 1_000_000
"""What a volume is built for; a package with more gets a volume of its own."""


@dataclass(frozen=True, slots=True)
class PackageSize:
    """What the planner needs to know of one package. `sectors` is an upper bound."""

    package_id: str
    fonds: str
    series: str
    dossier: str
    sectors: int
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """Sectors of a disc. `fixed_sectors` of each go to the volume itself."""

    usual_sectors: int
    largest_sectors: int
    fixed_sectors: int

    @property
    def usual_room(self) -> int:
        return self.usual_sectors - self.fixed_sectors

    @property
    def largest_room(self) -> int:
        return self.largest_sectors - self.fixed_sectors


@dataclass(slots=True)
class PackedVolume:
    """The packages of one disc, by dossier."""

    fonds: str
    series: str
    capacity_sectors: int
    fixed_sectors: int
    packages: list[PackageSize] = field(default_factory=list)

    @property
    def capacity_bytes(self) -> int:
        return self.capacity_sectors * SECTOR_BYTES

    @property
    def sectors(self) -> int:
        return self.fixed_sectors + sum(package.sectors for package in self.packages)


@dataclass(frozen=True, slots=True)
class Packing:
    """Volumes in the order of their labels, and packages that no disc can hold."""

    volumes: list[PackedVolume]
    too_large: list[PackageSize]


def pack(packages: Iterable[PackageSize], capacity: Capacity) -> Packing:
    """Put every package into a volume, or name it as too large."""
    by_series: defaultdict[tuple[str, str], list[PackageSize]] = defaultdict(list)
    too_large: list[PackageSize] = []
    for package in packages:
        if package.sectors > capacity.largest_room:
            too_large.append(package)
        else:
            by_series[package.fonds, package.series].append(package)
    volumes: list[PackedVolume] = []
    for key in sorted(by_series):
        volumes += _pack_series(by_series[key], capacity)
    too_large.sort(key=lambda package: (package.fonds, package.series, *_place(package)))
    return Packing(volumes, too_large)


def lower_bound(packages: Iterable[PackageSize], capacity: Capacity) -> int:
    """The number of discs below which nobody could pack these, all of them of the largest kind."""
    sectors: defaultdict[tuple[str, str], int] = defaultdict(int)
    alone: defaultdict[tuple[str, str], int] = defaultdict(int)
    for package in packages:
        if package.sectors <= capacity.largest_room:
            key = package.fonds, package.series
            sectors[key] += package.sectors
            alone[key] += 2 * package.sectors > capacity.largest_room
    room = capacity.largest_room
    return sum(max(1, alone[key], -(-total // room)) for key, total in sectors.items())


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts "2" before "10", and digits before words."""
    return [_part_key(part) for part in re.split(r"([0-9]+)", text) if part]


def _part_key(part: str) -> tuple[int, int, str]:
    if not (part.isascii() and part.isdecimal()):
        return 1, 0, part
    digits = part.lstrip("0")
    return 0, len(digits), digits


def _pack_series(packages: list[PackageSize], capacity: Capacity) -> list[PackedVolume]:
    """Best-fit decreasing. `room` is sorted: (free sectors, volume index) of each open volume."""
    volumes: list[PackedVolume] = []
    files: list[int] = []
    room: list[tuple[int, int]] = []
    for package in sorted(packages, key=lambda p: (-p.sectors, p.dossier, p.package_id)):
        at = bisect_left(room, (package.sectors, -1))
        while at < len(room) and files[room[at][1]] + package.files > FILES_PER_VOLUME_MAX:
            at += 1
        if at < len(room):
            free, index = room.pop(at)
        else:
            usual = package.sectors <= capacity.usual_room
            sectors = capacity.usual_sectors if usual else capacity.largest_sectors
            index, free = len(volumes), sectors - capacity.fixed_sectors
            volumes.append(
                PackedVolume(package.fonds, package.series, sectors, capacity.fixed_sectors)
            )
            files.append(0)
        volumes[index].packages.append(package)
        files[index] += package.files
        insort(room, (free - package.sectors, index))
    for volume in volumes:
        volume.packages.sort(key=_place)
    return sorted(volumes, key=lambda volume: _place(volume.packages[0]))


def _place(package: PackageSize) -> tuple[list[tuple[int, int, str]], str]:
    return natural_key(package.dossier), package.package_id
