"""Whether a fleet can keep a policy's copies: told before anything is burned. Pure.

A problem is claimed only where it is proven. What is not claimed may still go wrong: an appliance
can fail, a blank can be bad.
"""

from collections.abc import Iterator, Mapping, Sequence

from appliance.contract.states import MediumKind
from console.rules.blanks import Order, blank_problems
from console.rules.fleet import ApplianceStock, Demand, FleetPicture
from console.rules.policy import Policy
from console.rules.pool import Pool
from console.rules.problems import Problem, Severity, listed
from console.rules.roles import Places, can_be_apart, places_of


def problems(
    policy: Policy, pools: Mapping[str, Pool], fleet: FleetPicture, demand: Demand
) -> list[Problem]:
    """Everything that keeps these volumes from having their copies, what blocks first.

    With an empty demand only what concerns any volume at all is looked at.
    """
    return problems_together([(policy, demand)], pools, fleet)


def problems_together(
    orders: Sequence[tuple[Policy, Demand]], pools: Mapping[str, Pool], fleet: FleetPicture
) -> list[Problem]:
    """The same for volumes of several policies, which share the blanks."""
    found: list[Problem] = []
    countable: list[Order] = []
    for policy, demand in orders:
        places = places_of(policy, pools, fleet.appliances)
        of_policy = [*_never(places, pools, fleet)]
        if not of_policy:
            of_policy = [*_not_now(places)]
            now = _online(places)
            countable.append(Order(places if of_policy else now, demand))
        found += [*of_policy, *_warnings(places)]
    found += blank_problems(countable, pools)
    order = list(Severity)
    return sorted(found, key=lambda problem: order.index(problem.severity))


def _never(places: Places, pools: Mapping[str, Pool], fleet: FleetPicture) -> Iterator[Problem]:
    """What no appliance that the console knows could do, online or not."""
    policy = places.policy
    for role, able in places.by_role.items():
        pool_name = policy.pool_of(role) or ""
        if pool_name and pool_name not in pools:
            yield Problem(
                5212,
                Severity.BLOCKS,
                policy.policy_id,
                (role,),
                f"role {role} takes its media from pool {pool_name}, which does not exist",
                f"put a pool {pool_name} into force, or change [pools] of policy {policy.name}",
                pool=pool_name,
            )
        elif not able:
            yield _nobody(policy, role, pools.get(pool_name), fleet)
    if not all(places.by_role.values()):
        return
    if not can_be_apart(places, sites_only=True):
        yield _too_few_sites(places)
    elif not can_be_apart(places):
        yield _too_few_appliances(places)


def _nobody(policy: Policy, role: str, pool: Pool | None, fleet: FleetPicture) -> Problem:
    kind = policy.medium_of(role)
    able = [each.appliance for each in fleet.appliances if each.drives.get(kind)]
    if pool and not pool.has_kind(kind):
        why = f"pool {pool.name} has no {kind}s: it is for {pool.describe()}"
        helps = f"add {kind} to the kinds of pool {pool.name}, or change [media] or [pools]"
    elif pool and able:
        why = f"pool {pool.name} is for {pool.describe()}; drives for {kind}s are in {listed(able)}"
        helps = f"widen pool {pool.name}, or bring in an appliance with {kind} drives that is in it"
    else:
        why = f"no appliance has drives for {kind}s"
        place = f" that is in pool {pool.name} ({pool.describe()})" if pool else ""
        helps = f"bring in an appliance with {kind} drives{place}, or change [media]"
    return Problem(
        5210,
        Severity.BLOCKS,
        policy.policy_id,
        (role,),
        f"role {role} cannot be satisfied: {why}",
        f"{helps} of policy {policy.name}" if helps.endswith("]") else helps,
        pool=pool.name if pool else "",
        medium_kind=kind,
    )


def _too_few_sites(places: Places) -> Problem:
    policy = places.policy
    roles = [role for role in places.by_role if policy.sites_apart(role)]
    tightest = min(roles, key=lambda role: (len(_sites(places, role)), -_others(places, role)))
    others = sorted(policy.sites_apart(tightest))
    sites = sorted({site for role in (tightest, *others) for site in _sites(places, role)})
    what = f"role {tightest} needs another site than {listed(others)}"
    if len(sites) == 1:
        why = f"only {sites[0]} has appliances for them"
    else:
        each = "; ".join(f"{role}: {listed(_sites(places, role))}" for role in roles)
        why = f"the sites with appliances for each role are too few ({each})"
    return Problem(
        5213,
        Severity.BLOCKS,
        policy.policy_id,
        (tightest, *others),
        f"{what}: {why}",
        f"bring in an appliance with {policy.medium_of(tightest)} drives on another site than "
        f"{listed(sites)}, widen the roles' pools, or change [sites] of policy {policy.name}",
        medium_kind=policy.medium_of(tightest),
    )


def _too_few_appliances(places: Places) -> Problem:
    policy = places.policy
    roles = [role for role in places.by_role if policy.appliances_apart(role)]
    tightest = min(roles, key=lambda role: (len(places.by_role[role]), role))
    others = sorted(policy.appliances_apart(tightest))
    able = sorted({e.appliance for role in (tightest, *others) for e in places.by_role[role]})
    return Problem(
        5214,
        Severity.BLOCKS,
        policy.policy_id,
        (tightest, *others),
        f"role {tightest} needs another appliance than {listed(others)}: "
        f"there {'is' if len(able) == 1 else 'are'} only {listed(able)}",
        f"bring in one more appliance with {policy.medium_of(tightest)} drives, or change "
        f"[appliances] of policy {policy.name}",
        medium_kind=policy.medium_of(tightest),
    )


def _not_now(places: Places) -> Iterator[Problem]:
    """What the fleet could do, and cannot at the moment."""
    online = _online(places)
    if not _suffices(online):
        yield _waits(5217, "offline", places, online, "bring back online")
        return
    good = online.narrowed(_able_in_air(online))
    if not _suffices(good):
        why = "in air outside the policy's limits"
        yield _waits(5218, why, online, good, "bring within the limits the air of")


def _waits(code: int, why: str, before: Places, after: Places, helps: str) -> Problem:
    policy = before.policy
    roles = tuple(role for role, row in after.by_role.items() if not row)
    # Each role still has an appliance, but not far enough apart: it is about all of them.
    roles = roles or tuple(role for role in before.by_role if before.by_role[role])
    gone = sorted(
        {e.appliance for role in roles for e in before.by_role[role]}
        - {e.appliance for role in roles for e in after.by_role[role]}
    )
    return Problem(
        code,
        Severity.WAITS,
        policy.policy_id,
        roles,
        f"for {listed(roles)} nothing is left while {listed(gone)} "
        f"{'is' if len(gone) == 1 else 'are'} {why}",
        f"{helps} {listed(gone)}",
    )


def _warnings(places: Places) -> Iterator[Problem]:
    policy = places.policy
    discs = [r for r in places.by_role if policy.medium_of(r) is MediumKind.DISC]
    without = tuple(
        role
        for role in discs
        if places.by_role[role] and not any(e.prints for e in places.by_role[role])
    )
    if policy.print_labels.value and without:
        yield Problem(
            5219,
            Severity.WARNS,
            policy.policy_id,
            without,
            f"no appliance for {listed(without)} has a printer for the labels",
            "use an appliance with a printer, or switch off [print_labels]",
        )
    protection = policy.protection.value
    if protection.parity:
        yield Problem(
            5220,
            Severity.WARNS,
            policy.policy_id,
            (),
            f"policy {policy.policy_id} asks for {protection.data}+{protection.parity} volumes in "
            "a protection set; no parity is written",
            "until it is, the copies alone protect the volumes",
        )


def _suffices(places: Places) -> bool:
    return all(places.by_role.values()) and can_be_apart(places)


def _online(places: Places) -> Places:
    return places.narrowed(e for row in places.by_role.values() for e in row if e.online)


def _able_in_air(places: Places) -> list[ApplianceStock]:
    every = [e for row in places.by_role.values() for e in row]
    return [each for each in every if each.may_write(places.policy)]


def _sites(places: Places, role: str) -> list[str]:
    return sorted({each.site for each in places.by_role[role]})


def _others(places: Places, role: str) -> int:
    return len(places.policy.sites_apart(role))
