"""Why a packing is as it is: this disc, a new disc, a larger disc, a disc for one dossier. Pure.

Reasons are worked out from the finished packing and from what each disc's beginning noted, so that
a million packages can be explained one disc at a time.
"""

from enum import StrEnum

from msgspec import Struct

from console.planner.best_fit import Opening
from console.planner.bounds import BoundKind
from console.planner.package import FILES_PER_VOLUME_MAX, SECTOR_BYTES, Capacity, PackageSize
from console.planner.packing import Group, PackedVolume, Packing


class ReasonKind(StrEnum):
    """What a reason is about."""

    TOGETHER = "together"
    NEW_DISC = "new disc"
    LARGER_DISC = "larger disc"
    ALONE = "alone"
    NUMBER = "number"
    HERE = "here"


class Reason(Struct, frozen=True):
    """One decision in words."""

    kind: ReasonKind
    words: str


_BOUND_WORDS = {
    BoundKind.VOLUME: "by their volume alone",
    BoundKind.HALVES: "because many take over half a disc and cannot share it",
    BoundKind.SHARES: "because many take just over a certain part of a disc, which leaves the rest "
    "of it to nobody",
    BoundKind.PATTERNS: "because no way to put their sizes together fills the discs better",
}


def explain_volume(packing: Packing, group: Group, volume: PackedVolume) -> list[Reason]:
    """Every decision about one disc."""
    reasons = [_together(packing, volume), _new_disc(volume)]
    if volume.capacity_sectors > packing.capacity.usual_sectors:
        reasons.append(_larger(packing.capacity, volume))
    if len(volume.packages) == 1:
        reasons.append(_alone(group, volume))
    return reasons


def explain_group(group: Group) -> Reason:
    """How many discs a group takes, beside how many it must take."""
    found, least = len(group.volumes), group.lower_bound
    dossiers = sum(len(volume.packages) for volume in group.volumes)
    head = f"{_count(dossiers, 'dossier')} of {group.key.words} take {_count(found, 'disc')}"
    if dossiers == 1:
        head = head.replace(" take ", " takes ", 1)
    why = _BOUND_WORDS[group.bound_by]
    if found == least:
        return Reason(ReasonKind.NUMBER, f"{head}; fewer are impossible, {why}")
    return Reason(ReasonKind.NUMBER, f"{head}; at least {least} are needed, {why}")


def explain_place(packing: Packing, package_id: str) -> list[Reason]:
    """Why a package stands where it does, and why its disc is what it is. Empty if it has none."""
    for group in packing.groups:
        for volume in group.volumes:
            for package in volume.packages:
                if package.package_id == package_id:
                    here = _here(volume, package)
                    return [here, *explain_volume(packing, group, volume)]
    return []


def _together(packing: Packing, volume: PackedVolume) -> Reason:
    rules = ["one series"]
    rules += ["one year"] if packing.grouping.by_year else []
    rules += ["one retention period"] if packing.grouping.by_retention else []
    what = f"{_count(len(volume.packages), 'dossier')} of {volume.group.words}, each whole"
    free = volume.free_sectors * SECTOR_BYTES
    words = f"{what}; a disc has {' and '.join(rules)}; at least {free} bytes stay free"
    return Reason(ReasonKind.TOGETHER, words)


def _new_disc(volume: PackedVolume) -> Reason:
    largest = max(volume.packages, key=lambda package: package.sectors)
    name, needs = repr(largest.dossier), largest.sectors * SECTOR_BYTES
    match volume.opening:
        case Opening.FIRST:
            words = f"the first disc of {volume.group.words}"
        case Opening.NO_ROOM if volume.roomiest_sectors:
            left = volume.roomiest_sectors * SECTOR_BYTES
            words = (
                f"begun for dossier {name}, which needs {needs} bytes: "
                f"the emptiest disc begun before had {left}"
            )
        case Opening.NO_ROOM:
            words = (
                f"begun for dossier {name}: "
                "no disc begun before had room even for the smallest dossier"
            )
        case Opening.FILES:
            words = (
                f"begun for dossier {name}: discs with room for it would have more than "
                f"{FILES_PER_VOLUME_MAX} files"
            )
        case Opening.PATTERN:
            room = volume.capacity_sectors - volume.fixed_sectors
            filled = 100 * (1 - volume.free_sectors / max(1, room))
            words = (
                f"its dossiers were chosen because their sizes go well together ({filled:.1f} % "
                "full); so the series takes fewer discs than with the largest ones first"
            )
    return Reason(ReasonKind.NEW_DISC, words)


def _larger(capacity: Capacity, volume: PackedVolume) -> Reason:
    large = [p for p in volume.packages if p.sectors > capacity.usual_room]
    names = ", ".join(repr(package.dossier) for package in large[:3])
    needs = max(package.sectors for package in large) * SECTOR_BYTES
    room = capacity.usual_room * SECTOR_BYTES
    words = (
        f"a larger disc, because dossier {names} needs {needs} bytes, and the usual disc "
        f"has room for {room}"
    )
    return Reason(ReasonKind.LARGER_DISC, words)


def _alone(group: Group, volume: PackedVolume) -> Reason:
    if len(group.volumes) == 1:
        return Reason(ReasonKind.ALONE, f"the only dossier of {group.key.words}")
    own = volume.packages[0]
    if own.files >= FILES_PER_VOLUME_MAX:
        words = f"dossier {own.dossier!r} has as many files as a volume may have"
        return Reason(ReasonKind.ALONE, words)
    least, next_to_it = group.smallest_sectors
    smallest = next_to_it if own.sectors == least else least
    free = volume.free_sectors
    if free < smallest:
        words = (
            f"nothing fits beside dossier {own.dossier!r}: {free * SECTOR_BYTES} bytes are free, "
            f"and the smallest other dossier needs {smallest * SECTOR_BYTES}"
        )
    else:
        words = "the other dossiers stand on discs that are fuller, so that fewer are half empty"
    return Reason(ReasonKind.ALONE, words)


def _here(volume: PackedVolume, package: PackageSize) -> Reason:
    needs = package.sectors * SECTOR_BYTES
    largest = max(each.sectors for each in volume.packages)
    if volume.opening is Opening.PATTERN:
        words = f"its {needs} bytes fill this disc well with the others"
    elif package.sectors == largest:
        words = f"with {needs} bytes it is the largest on this disc, which was begun for it"
    else:
        words = (
            f"larger dossiers were placed first; of the discs with room for its {needs} bytes "
            "this was the fullest"
        )
    return Reason(ReasonKind.HERE, words)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
