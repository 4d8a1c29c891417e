"""Packing a million packages: seconds, discs beside the proven bound, memory; beside next-fit.

Each distribution of sizes runs in a process of its own, so that its memory can be told. Next-fit is
what a person does: dossiers in the order of their numbers, a new disc when the next one does not
fit. By its nature it takes no time; the discs are what it is compared by.
"""

import json
import math
import random
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from console.planner.grouping import Grouping
from console.planner.package import Capacity, PackageSize, natural_key
from console.planner.packing import pack

PACKAGES = 1_000_000
ROOM = 12_219_392 - 400
CAPACITY = Capacity(ROOM + 400, ROOM + 400, 400)
"""A BD-R of 25 GB."""
_AIM_S = 20

Draw = Callable[[random.Random], float]


def _heavy(chance: random.Random) -> float:
    """Most are small, a few take most of the room; the largest that fits is a disc."""
    while True:
        size = chance.paretovariate(0.7) * 1.6e-4
        if size <= 1:
            return size


def _lognormal(median: float, spread: float) -> Draw:
    return lambda chance: min(1.0, median * chance.lognormvariate(0.0, spread))


def _even(low: float, high: float) -> Draw:
    return lambda chance: chance.uniform(low, high)


CASES: dict[str, tuple[str, Draw, int, Grouping]] = {
    "small": ("many small, 50 series", _lognormal(2.4e-4, 1.2), 50, Grouping()),
    "heavy": ("heavy-tailed, 50 series", _heavy, 50, Grouping()),
    "half": ("0.4 to 0.6 of a disc, 50 series", _even(0.4, 0.6), 50, Grouping()),
    "series": ("50,000 series", _lognormal(0.06, 1.0), 50_000, Grouping()),
    "years": (
        "200 series, by year and retention",
        _lognormal(0.03, 1.3),
        200,
        Grouping(True, True),
    ),
    "quarter": ("0.25 to 0.5 of a disc, 1 series", _even(0.25, 0.5), 1, Grouping()),
    "quarters": ("0.25 to 0.5 of a disc, 50 series", _even(0.25, 0.5), 50, Grouping()),
}


def make_packages(case: str, count: int) -> list[PackageSize]:
    """The same packages each time."""
    chance = random.Random(case)
    _, draw, series, _ = CASES[case]
    periods = ("永久", "30年", "10年")
    return [
        PackageSize(
            package_id=f"pk-{number:08x}",
            fonds="J012",
            series=f"{chance.randrange(series)}",
            dossier=f"案卷 {number}",
            sectors=max(3, math.floor(draw(chance) * ROOM)),
            files=chance.randrange(1, 200),
            size_bytes=0,
            year=chance.randrange(1990, 2020),
            retention=chance.choice(periods),
        )
        for number in range(count)
    ]


def next_fit(packages: list[PackageSize], grouping: Grouping) -> int:
    """Discs when dossiers are taken in the order of their numbers."""
    groups: defaultdict[tuple[object, ...], list[PackageSize]] = defaultdict(list)
    for each in packages:
        year = each.year if grouping.by_year else None
        groups[each.series, year, each.retention if grouping.by_retention else ""].append(each)
    discs = 0
    for members in groups.values():
        free = -1
        for each in sorted(members, key=lambda p: natural_key(p.dossier)):
            if each.sectors > free:
                discs, free = discs + 1, ROOM
            free -= each.sectors
    return discs


def measure(case: str, count: int) -> dict[str, Any]:
    """One case in this process."""
    packages = make_packages(case, count)
    before_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started_s = time.process_time()
    packing = pack(packages, CAPACITY, CASES[case][3])
    packed_s = time.process_time() - started_s
    after_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started_s = time.process_time()
    simple = next_fit(packages, CASES[case][3])
    simple_s = time.process_time() - started_s
    discs = sum(len(group.volumes) for group in packing.groups)
    return {
        "discs": discs,
        "bound": packing.lower_bound,
        "bounds_by": sorted({str(group.bound_by) for group in packing.groups}),
        "seconds": packed_s,
        "next_fit_discs": simple,
        "next_fit_s": simple_s,
        "memory_mb": (after_bytes - before_bytes) / 1e6,
    }


def benchmarks() -> Iterator[dict[str, Any]]:
    """Three figures a case."""
    for case, (words, *_) in CASES.items():
        command = [sys.executable, "-m", "tests.bench.planner", case, str(PACKAGES)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        yield {
            "name": f"pack 1,000,000: {words}",
            "value": found["seconds"],
            "unit": "s of CPU",
            "peer": "next-fit",
            "peer_value": found["next_fit_s"],
            "ratio": found["seconds"] / found["next_fit_s"],
            "aim": f"< {_AIM_S} s",
            "runs": 1,
        }
        bounds = ", ".join(found["bounds_by"])
        yield {
            "name": f"discs over the bound ({bounds})",
            "value": 100 * (found["discs"] / found["bound"] - 1),
            "unit": "%",
            "peer": "next-fit",
            "peer_value": 100 * (found["next_fit_discs"] / found["bound"] - 1),
            "ratio": found["discs"] / found["next_fit_discs"],
            "aim": "<= 1 %",
            "runs": 1,
        }
        yield {"name": "memory on top", "value": found["memory_mb"], "unit": "MB", "runs": 1}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
