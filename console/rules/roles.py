"""Whether one volume's copies can be where their policy wants them, numbers aside. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.rules.fleet import ApplianceStock
from console.rules.policy import Policy
from console.rules.pool import Pool

_NODES_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Places:
    """For every role of a policy the appliances that could write its copy."""

    policy: Policy
    by_role: Mapping[str, tuple[ApplianceStock, ...]]

    def narrowed(self, appliances: Iterable[ApplianceStock]) -> "Places":
        kept = {each.appliance for each in appliances}
        return Places(
            self.policy,
            {
                role: tuple(each for each in row if each.appliance in kept)
                for role, row in self.by_role.items()
            },
        )


def places_of(
    policy: Policy, pools: Mapping[str, Pool], appliances: Iterable[ApplianceStock]
) -> Places:
    """Who could write what: drives of its kind, and in its pool. A missing pool has none."""
    appliances = tuple(appliances)
    return Places(
        policy,
        {
            role: tuple(each for each in appliances if could_write(policy, pools, role, each))
            for role in policy.copies.value
        },
    )


def could_write(
    policy: Policy, pools: Mapping[str, Pool], role: str, appliance: ApplianceStock
) -> bool:
    """Whether an appliance has drives for a role's kind, and media of its pool may be in it."""
    kind = policy.medium_of(role)
    if not appliance.drives.get(kind):
        return False
    name = policy.pool_of(role)
    if name is None:
        return True
    pool = pools.get(name)
    return pool is not None and pool.has_kind(kind) and pool.has_appliance(appliance.appliance)


def can_be_apart(places: Places, *, sites_only: bool = False) -> bool:
    """Whether all copies of one volume find a place, apart as the policy wants them.

    What is too much to look through counts as possible: nothing is claimed without proof.
    """
    policy = places.policy
    roles = sorted(places.by_role, key=lambda role: (len(places.by_role[role]), role))
    choices = _fewer(places, len(roles))
    chosen: list[ApplianceStock] = []
    nodes = 0

    def fits(place: int) -> bool:
        nonlocal nodes
        if place == len(roles) or nodes > _NODES_MAX:
            return True
        for appliance in choices[roles[place]]:
            nodes += 1
            if _clashes(policy, roles, chosen, appliance, sites_only=sites_only):
                continue
            chosen.append(appliance)
            if fits(place + 1):
                return True
            chosen.pop()
        return False

    return fits(0)


def _clashes(
    policy: Policy,
    roles: Sequence[str],
    chosen: Sequence[ApplianceStock],
    appliance: ApplianceStock,
    *,
    sites_only: bool,
) -> bool:
    role = roles[len(chosen)]
    sites, appliances = policy.sites_apart(role), policy.appliances_apart(role)
    return any(
        (other in sites and there.site == appliance.site)
        or (not sites_only and other in appliances and there.appliance == appliance.appliance)
        for other, there in zip(roles, chosen, strict=False)
    )


def _fewer(places: Places, roles: int) -> dict[str, list[ApplianceStock]]:
    """The same choices with fewer appliances: of those alike at a site, one a role is enough."""
    abilities: dict[str, frozenset[str]] = {}
    for role, row in places.by_role.items():
        for each in row:
            abilities[each.appliance] = abilities.get(each.appliance, frozenset()) | {role}
    seen: Counter[tuple[str, frozenset[str]]] = Counter()
    kept: set[str] = set()
    for name in sorted(abilities):
        kind = name.partition("/")[0], abilities[name]
        seen[kind] += 1
        if seen[kind] <= roles:
            kept.add(name)
    return {
        role: [each for each in row if each.appliance in kept]
        for role, row in places.by_role.items()
    }
