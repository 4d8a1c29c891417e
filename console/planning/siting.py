"""Where the copies of a plan go, what that costs, and what stands in the way. Pure but for reading.

The fleet is taken as it is: with what approved plans have in mind for it, not with what other
proposals have.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.contract.states import MediumKind
from console.dispatch.fleet import Fleet
from console.dispatch.rulebook import Rulebook
from console.placement.fleet import Choice, Placement, Wanted, Writer
from console.placement.placing import place
from console.planning.explanation import CopyPlace, Cost
from console.rules.feasibility import problems_together
from console.rules.fleet import ApplianceStock, Demand, FleetPicture
from console.rules.policy import Policy
from console.rules.problems import Problem, Severity

NEVER = (5210, 5212, 5213, 5214)
"""Problems that no waiting solves: what the policy asks for, the fleet does not have."""


@dataclass(frozen=True, slots=True)
class CopyToSite:
    """A copy of a plan, before it is known where it goes."""

    volume_id: str
    role: str
    size_bytes: int
    kind: MediumKind
    policy: Policy

    @property
    def key(self) -> tuple[str, str]:
        return self.volume_id, self.role


@dataclass(frozen=True, slots=True)
class Sited:
    """Where every copy goes, by volume and role, and what it costs."""

    places: dict[tuple[str, str], CopyPlace]
    cost: Cost
    problems: list[Problem]

    @property
    def nowhere(self) -> list[CopyPlace]:
        return [each for each in self.places.values() if each.appliance is None]

    @property
    def never(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.code in NEVER]


def find_sites(
    copies: Sequence[CopyToSite],
    rules: Rulebook,
    pinned: Mapping[tuple[str, str], str] | None = None,
) -> Sited:
    """Place the copies in the fleet of the rulebook; `pinned` names appliances by copy."""
    pinned = pinned or {}
    by_id = {_copy_id(copy): copy for copy in copies}
    writers = rules.fleet.writers({copy.kind for copy in copies}, rules.assumed_bytes)
    found = place((_wanted(copy, rules, pinned) for copy in copies), writers)
    places = {
        copy.key: _place(copy, found, rules, copy.key in pinned)
        for copy_id, copy in by_id.items()
        for _ in (copy_id,)
    }
    return Sited(places, _cost(copies, found, writers), _problems(copies, rules))


def _copy_id(copy: CopyToSite) -> str:
    return f"{copy.volume_id}/{copy.role}"


def _wanted(copy: CopyToSite, rules: Rulebook, pinned: Mapping[tuple[str, str], str]) -> Wanted:
    policy_id = copy.policy.policy_id
    return Wanted(
        _copy_id(copy),
        copy.volume_id,
        copy.role,
        copy.size_bytes,
        copy.kind,
        rules.source(policy_id, copy.role),
        rules.sites_apart(policy_id, copy.role),
        rules.appliances_apart(policy_id, copy.role),
        pinned=pinned.get(copy.key),
    )


def _place(copy: CopyToSite, found: Placement, rules: Rulebook, pinned: bool) -> CopyPlace:
    pool = rules.source(copy.policy.policy_id, copy.role).pool
    choice: Choice | None = found.choices.get(_copy_id(copy))
    if choice is None:
        nowhere = found.nowhere[_copy_id(copy)]
        return CopyPlace(
            copy.role, copy.kind, pool, reason=nowhere.reason, advice=nowhere.advice, pinned=pinned
        )
    return CopyPlace(
        copy.role,
        copy.kind,
        pool,
        choice.appliance,
        rules.fleet.members[choice.appliance].site,
        choice.seconds,
        choice.ends_s,
        choice.shares,
        choice.reason,
        pinned=pinned,
    )


def _cost(copies: Sequence[CopyToSite], found: Placement, writers: Iterable[Writer]) -> Cost:
    paces = [writer.pace for writer in writers]
    return Cost(
        media=dict(sorted(Counter(copy.kind for copy in copies).items())),
        drive_hours=sum(choice.seconds for choice in found.choices.values()) / 3600,
        hours=found.makespan_s / 3600,
        hours_at_least=found.lower_bound_s / 3600,
        copies_placed=len(found.choices),
        speeds_measured=bool(paces) and all(pace.measured for pace in paces),
    )


def _problems(copies: Sequence[CopyToSite], rules: Rulebook) -> list[Problem]:
    """What the rules say of these volumes and this fleet, the worst first."""
    sizes: defaultdict[str, dict[str, int]] = defaultdict(dict)
    policies = {copy.policy.policy_id: copy.policy for copy in copies}
    for copy in copies:
        sizes[copy.policy.policy_id][copy.volume_id] = copy.size_bytes
    orders = [(policies[name], Demand(tuple(sizes[name].values()))) for name in sorted(policies)]
    return problems_together(orders, rules.pools, picture_of(rules.fleet, rules.assumed_bytes))


def picture_of(fleet: Fleet, assumed_bytes: int) -> FleetPicture:
    """The fleet as the rules look at it."""
    stocks = []
    for member in fleet.members.values():
        air: defaultdict[str, list[float]] = defaultdict(list)
        for quantity, value in member.readings:
            air[quantity].append(value)
        rooms = {
            kind: tuple(
                room.free_bytes for room in fleet.rooms(member.appliance, kind, assumed_bytes)
            )
            for kind in MediumKind
        }
        stocks.append(
            ApplianceStock(
                member.appliance,
                member.online,
                {kind: drives for kind in MediumKind if (drives := member.means(kind).drives)},
                {kind: free for kind, free in rooms.items() if free},
                member.library is not None and member.library.prints,
                {quantity: tuple(values) for quantity, values in air.items()},
            )
        )
    return FleetPicture(tuple(stocks))


def worth_telling(problems: Iterable[Problem]) -> list[str]:
    """Problems as lines for a person."""
    return [
        f"[{problem.code}] {problem.message}; what would help: {problem.advice}"
        for problem in problems
        if problem.severity is not Severity.WARNS
    ] + [problem.message for problem in problems if problem.severity is Severity.WARNS]
