"""Getting files back: the console's order of loads against first come, first served, in simulated
time. The cabinet is `tests.console.retrieval.cabinet`: four drives, one robot.

The bound is what loads and reading need at least, whatever the order.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

from console.retrieval.ordering import Option, Part, Station, arrange, take_turn
from console.retrieval.pace import DISCS
from console.retrieval.states import Priority
from tests.console.dispatch.holdings import Holdings
from tests.console.retrieval.cabinet import Machine
from tests.console.retrieval.plays import (
    Asked,
    Played,
    arriving,
    play_first_come,
    play_ordered,
    random_files,
)
from tests.console.retrieval.through_console import Console

SEEDS = 10
DISCS_READ, FILES = 60, 500
MACHINES = {
    "robot is what is scarce": Machine(),
    "quick robot": Machine(carry_s=10),
    "slow drives": Machine(bytes_per_s=9e6),
}


def benchmarks() -> Iterator[dict[str, Any]]:
    """All figures about getting back."""
    for name, machine in MACHINES.items():
        yield _one_request(name, machine)
    yield from _over_time()
    yield from _through_the_console()
    yield _deciding()


def _one_request(name: str, machine: Machine) -> dict[str, Any]:
    ours, theirs = [], []
    for seed in range(SEEDS):
        asked = Asked("all", tuple(random_files(random.Random(seed), DISCS_READ, FILES)))
        bound_s = machine.lower_bound_s(list(asked.by_disc().values()))
        ours.append(play_ordered([asked], machine).ended_s["all"] / bound_s)
        theirs.append(play_first_come([asked], machine).ended_s["all"] / bound_s)
    return {
        "name": f"500 files on 60 discs, {name}",
        "value": median(ours),
        "unit": "x bound",
        "peer": "first come, first served",
        "peer_value": median(theirs),
        "ratio": median(theirs) / median(ours),
        "spread": (max(ours) - min(ours)) / 2 / median(ours),
        "runs": SEEDS,
        "aim": "at most 1.15, the worst too",
        "worst": max(ours),
    }


def _over_time() -> Iterator[dict[str, Any]]:
    """20 requests over an hour, a quarter of them urgent, some large and of low priority."""
    asked = [arriving(random.Random(seed), 20, 3600, DISCS_READ) for seed in range(SEEDS)]
    ours = [play_ordered(each, Machine()) for each in asked]
    plain = [play_first_come(each, Machine()) for each in asked]
    sorted_ = [play_first_come(each, Machine(), by_disc=True) for each in asked]

    def waits(played: list[Played], priority: Priority | None = None) -> list[float]:
        return [
            played[n].ended_s[one.name] - one.came_s
            for n, each in enumerate(asked)
            for one in each
            if priority in (None, one.priority)
        ]

    for peer, theirs in (("by request, sorted by disc", sorted_), ("file by file", plain)):
        for name, measure, priority in (
            ("mean wait of 20 requests in an hour", mean, None),
            ("95 % of them wait less than", _p95, None),
            ("mean wait of the urgent ones", mean, Priority.URGENT),
            ("mean wait of those of low priority", mean, Priority.LOW),
        ):
            value = measure(waits(ours, priority))
            peer_value = measure(waits(theirs, priority))
            yield {
                "name": name,
                "value": value,
                "unit": "s",
                "peer": f"first come, {peer}",
                "peer_value": peer_value,
                "ratio": peer_value / value,
                "runs": SEEDS,
            }


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values)) - 1]


def _through_the_console() -> Iterator[dict[str, Any]]:
    """The same once through store, commands and events, with an appliance at contract level."""
    asked = Asked("all", tuple(random_files(random.Random(1), DISCS_READ, FILES)))
    machine = Machine()
    with tempfile.TemporaryDirectory() as folder:
        holdings = Holdings(Path(folder) / "data")
        console = Console(holdings, DISCS_READ, machine)
        console.ask(asked)
        console.play()
        holdings.workspace.close()
    bound_s = machine.lower_bound_s(list(asked.by_disc().values()))
    end_s = console.ended_s["all"]
    half = [
        abs(left_s / (end_s - gone_s) - 1)
        for gone_s, left_s in console.expected["all"]
        if left_s is not None and 0.45 * end_s < gone_s < 0.55 * end_s
    ]
    yield {
        "name": "500 files on 60 discs, through the console",
        "value": end_s / bound_s,
        "unit": "x bound",
        "aim": "at most 1.15",
    }
    yield {
        "name": "time left at half-way is wrong by",
        "value": 100 * median(half),
        "unit": "%",
        "aim": "at most 25",
    }


def _deciding() -> dict[str, Any]:
    """One turn's decision over 5,200 discs that 100 requests wait for: a whole PB rack."""
    rng = random.Random(1)
    at = {f"n/pb n{u:02} disc": Station(f"n/pb n{u:02} disc", 4, DISCS) for u in range(13)}
    parts = [
        Part(
            f"r{n % 100}",
            f"v{n}",
            10,
            10**9,
            (Option(f"c{n}", f"m{n}", rng.choice(sorted(at))),),
        )
        for n in range(5200)
    ]
    claim_s = {f"r{n}": float(n) for n in range(100)}
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        turn = take_turn(arrange(parts, claim_s, at), [], at)
        taken.append(time.perf_counter() - began)
        assert len(turn.give) == 52
    return {
        "name": "deciding over 5,200 discs and 100 requests",
        "value": 1000 * median(taken),
        "unit": "ms",
        "runs": len(taken),
        "spread": (max(taken) - min(taken)) / 2 / median(taken),
    }
