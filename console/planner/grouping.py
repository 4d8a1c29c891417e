"""Which packages may share a disc: those of one group. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from console.planner.package import PackageSize


class Grouping(Struct, frozen=True):
    """The rules beyond those that always hold: a dossier stays whole, a disc has one series."""

    by_year: bool = False
    by_retention: bool = False


class GroupKey(NamedTuple):
    """What all packages of a group share; `year` and `retention` only where the rules say so."""

    namespace: str
    fonds: str
    series: str
    year: int | None = None
    retention: str = ""

    @property
    def order(self) -> tuple[str, str, str, bool, int, str]:
        """Packages of which nobody said the year come first."""
        named = self.year is not None
        return self.namespace, self.fonds, self.series, named, self.year or 0, self.retention

    @property
    def shared(self) -> str:
        """Beside namespace, fonds and series, as it is kept with a volume: "year=1987"."""
        parts = [f"year={self.year}"] if self.year is not None else []
        parts += [f"retention={self.retention}"] if self.retention else []
        return " ".join(parts)

    @property
    def words(self) -> str:
        """For people."""
        parts = [f"{self.fonds} / {self.series}"]
        parts += [f"year {self.year}"] if self.year is not None else []
        parts += [f"retention {self.retention}"] if self.retention else []
        return ", ".join(parts)


def group_packages(
    packages: Iterable[PackageSize], grouping: Grouping
) -> dict[GroupKey, list[PackageSize]]:
    """Every package in its group; the groups in the order of their keys."""
    by_year, by_retention = grouping.by_year, grouping.by_retention
    groups: defaultdict[tuple[str, str, str, int | None, str], list[PackageSize]]
    groups = defaultdict(list)
    for each in packages:
        groups[
            each.namespace,
            each.fonds,
            each.series,
            each.year if by_year else None,
            each.retention if by_retention else "",
        ].append(each)
    keys = sorted((GroupKey(*key) for key in groups), key=lambda key: key.order)
    return {key: groups[key] for key in keys}
