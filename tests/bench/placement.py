"""Placement: when the last copy is done, beside a proven lower bound and beside OR-Tools CP-SAT.

CP-SAT gets the same instances, drive by drive, and as many seconds as `_SOLVER_S` says, once from
nothing and once from our placement: what it finds there is what our search left. The bound is the
better one of ours and CP-SAT's. Seeds are fixed: the instances are always the same.
"""

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from appliance.contract.states import MediumKind
from console.placement.eligibility import Eligibility
from console.placement.fleet import Pace, Placement, Room, Wanted, Writer
from console.placement.placing import place
from console.placement.room import need_bytes
from console.placement.schedule import Schedule, free_at

_GB = 1_000_000_000
_RUNS = 5
_SOLVER_S = 30.0
_SCALE = 10
"""CP-SAT reckons in whole numbers: tenths of a second, rounded down, so that its bound is one."""
_ROLES = ("use", "sealed", "off-site")


@dataclass(frozen=True)
class Instance:
    """Copies and a fleet, and what is hard about them."""

    name: str
    copies: list[Wanted]
    writers: list[Writer]


def benchmarks() -> Iterator[dict[str, Any]]:
    """Four figures an instance: our time, and our makespan beside CP-SAT's and the bound."""
    for instance in _instances():
        spent = [_timed(instance)[0] for _ in range(_RUNS)]
        ours = _timed(instance)[1]
        theirs_s, best_s, proven_s = _solve(instance, None)
        _, better_s, also_proven_s = _solve(instance, ours)
        bound_s = max(proven_s, also_proven_s, ours.lower_bound_s)
        median = statistics.median(spent)
        yield {
            "name": f"{instance.name}: time to place",
            "value": 1000 * median,
            "unit": "ms",
            "peer": "CP-SAT",
            "peer_value": 1000 * theirs_s,
            "ratio": median / theirs_s,
            "runs": _RUNS,
            "spread": (max(spent) - min(spent)) / 2 / median,
        }
        makespan_s = _checked(instance, ours)
        for peer, seconds in (
            ("CP-SAT's", best_s),
            ("CP-SAT's from ours", better_s),
            ("the lower bound", bound_s),
        ):
            if not seconds:
                continue  # it found none in its time
            yield {
                "name": f"{instance.name}: last copy done",
                "value": makespan_s,
                "unit": "s",
                "peer": peer,
                "peer_value": seconds,
                "ratio": makespan_s / seconds,
            }


def _timed(instance: Instance) -> tuple[float, Placement]:
    begun = time.perf_counter()
    found = place(instance.copies, instance.writers)
    return time.perf_counter() - begun, found


def _checked(instance: Instance, found: Placement) -> float:
    """The makespan; every copy must have a place, none beside another of its volume."""
    if found.nowhere or any(choice.shares for choice in found.choices.values()):
        raise RuntimeError(f"{instance.name}: {len(found.nowhere)} copies have no place")
    return found.makespan_s


# --- instances --------------------------------------------------------------------------------


def _instances() -> Iterator[Instance]:
    yield _mixed("20 volumes, 6 appliances", 20, 6, seed=1)
    yield _mixed("60 volumes, 12 appliances", 60, 12, seed=2)
    yield _mixed("200 volumes, 40 appliances", 200, 40, seed=3)
    yield _mixed("200 volumes, 40 appliances, few blanks", 200, 40, seed=4, spare=1.05)
    yield _mixed("200 volumes, 40 appliances, at work", 200, 40, seed=5, busy=True)
    yield _full("200 full discs, 40 like appliances", 200, 40)


def _mixed(
    name: str,
    volumes: int,
    appliances: int,
    *,
    seed: int,
    spare: float = 2.0,
    busy: bool = False,
) -> Instance:
    """Three sites, unlike appliances, volumes of all sizes; `spare` times the blanks needed."""
    dice = random.Random(seed)
    drives = [dice.choice((2, 4, 4, 4, 6)) for _ in range(appliances)]
    blanks = [round(spare * 3 * volumes * mine / sum(drives) + 0.5) for mine in drives]
    writers = [
        Writer(
            f"site-{n % 3}/rack-{n:02}",
            f"site-{n % 3}",
            MediumKind.DISC,
            drives[n],
            (Room(25 * _GB, 25 * _GB),) * blanks[n],
            Pace(dice.choice((18e6, 27e6, 27e6)), dice.choice((27e6, 36e6)), 150.0),
            tuple(dice.uniform(100, 2_500) for _ in range(drives[n] * busy)),
        )
        for n in range(appliances)
    ]
    sizes = [int(dice.uniform(0.2, 0.97) * 25 * _GB) for _ in range(volumes)]
    return Instance(name, _copies(sizes), writers)


def _full(name: str, volumes: int, appliances: int) -> Instance:
    """Every disc is full and every appliance alike: only how many each drive gets counts."""
    pace = Pace(27e6, 27e6, 150.0)
    writers = [
        Writer(
            f"site-{n % 3}/rack-{n:02}",
            f"site-{n % 3}",
            MediumKind.DISC,
            4,
            (Room(25 * _GB, 25 * _GB),) * 40,
            pace,
        )
        for n in range(appliances)
    ]
    return Instance(name, _copies([24 * _GB] * volumes), writers)


def _copies(sizes: list[int]) -> list[Wanted]:
    return [
        Wanted(
            f"v{n:03}-{role}",
            f"v{n:03}",
            role,
            size,
            sites_apart=frozenset({"use"}) if role == "off-site" else frozenset(),
        )
        for n, size in enumerate(sizes)
        for role in _ROLES
    ]


# --- the peer ---------------------------------------------------------------------------------


def _solve(instance: Instance, begin: Placement | None) -> tuple[float, float, float]:
    """CP-SAT's wall time, its best makespan (0 if it found none) and its bound, in seconds."""
    model = cp_model.CpModel()
    schedule = Schedule(instance.copies, instance.writers)
    eligible = Eligibility(schedule)
    end = model.new_int_var(0, _SCALE * 10**6, "end")
    at: dict[tuple[int, int], Any] = {}
    on_drive: dict[tuple[int, int], list[tuple[int, Any]]] = {}
    for index, copy in enumerate(instance.copies):
        for w in eligible.writers(copy):
            at[index, w] = model.new_bool_var("")
            drives = [model.new_bool_var("") for _ in range(instance.writers[w].drives)]
            model.add(sum(drives) == at[index, w])
            cost = int(_SCALE * schedule.seconds[w][index])
            for drive, here in enumerate(drives):
                on_drive.setdefault((w, drive), []).append((cost, here))
        model.add_exactly_one(at[index, w] for w in eligible.writers(copy))
    for (w, drive), mine in on_drive.items():
        free = int(_SCALE * free_at(instance.writers[w])[drive])
        model.add(free + sum(cost * here for cost, here in mine) <= end)
    _keep_rules(model, instance, at)
    for (index, w), here in at.items() if begin is not None else ():
        chosen = begin.choices[instance.copies[index].copy_id].appliance
        model.add_hint(here, chosen == instance.writers[w].appliance)
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = _SOLVER_S
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    best = solver.objective_value if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else 0.0
    return solver.wall_time, best / _SCALE, solver.best_objective_bound / _SCALE


def _keep_rules(model: Any, instance: Instance, at: dict[tuple[int, int], Any]) -> None:
    """Blanks, one copy of a volume in an appliance, sites apart."""
    for w, writer in enumerate(instance.writers):
        for floor in sorted({0, *(room.free_bytes for room in writer.rooms)}):
            larger = [
                at[c, w]
                for c, copy in enumerate(instance.copies)
                if (c, w) in at and need_bytes(copy) > floor
            ]
            model.add(sum(larger) <= sum(room.free_bytes > floor for room in writer.rooms))
    volumes: dict[str, list[int]] = {}
    for index, copy in enumerate(instance.copies):
        volumes.setdefault(copy.volume_id, []).append(index)
    sites = sorted({writer.site for writer in instance.writers})
    for mine in volumes.values():
        for w in range(len(instance.writers)):
            model.add_at_most_one(at[c, w] for c in mine if (c, w) in at)
        for one in mine:
            for other in mine:
                if instance.copies[other].role not in instance.copies[one].sites_apart:
                    continue
                for site in sites:
                    here = [w for w, writer in enumerate(instance.writers) if writer.site == site]
                    both = [at[c, w] for c in (one, other) for w in here if (c, w) in at]
                    model.add_at_most_one(both)
