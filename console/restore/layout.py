"""Where each restored file goes. Pure.

Dossiers stand beside each other under their folders, and loose files beside them, as they came in.
When files of several series come back together, each series gets ``fonds/series/`` of its own; when
two dossiers would stand in one place, both get the folders that they have on their discs.
"""

from collections import Counter
from collections.abc import Mapping

from console.catalogue.selection import ChosenPackage
from console.ingest.titles import folder_for


def places(packages: Mapping[str, ChosenPackage]) -> dict[str, str]:
    """The folder of each package below the destination, in name text; '' is the destination."""
    one_series = len({(p.fonds, p.series) for p in packages.values()}) == 1
    taken = Counter((p.fonds, p.series, p.restore_prefix) for p in packages.values())
    found = {}
    for package_id, package in packages.items():
        alone = taken[package.fonds, package.series, package.restore_prefix] == 1
        folder = package.restore_prefix if alone else package.folder
        above = "" if one_series else f"{folder_for(package.fonds)}/{folder_for(package.series)}"
        found[package_id] = f"{above}/{folder}".strip("/")
    return found


def below(place: str, path: str) -> str:
    """A path within a package's place."""
    return f"{place}/{path}".strip("/")
