"""What the policies ask of each copy's place: its pool, its neighbours, its air."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from msgspec import ValidationError

from console.dispatch.fleet import Fleet
from console.dispatch.library import ASSUMED_CAPACITY_BYTES
from console.placement.fleet import ANY, Source
from console.rules.policy import Policy, policy_from_document
from console.rules.pool import Pool
from console.rules.pools import load_pools
from console.store import schema

_policies = schema.policies.c


class Rulebook:
    """Policies by id, the pools in force, and the fleet that they are held against."""

    def __init__(self, policies: dict[str, Policy], pools: dict[str, Pool], fleet: Fleet) -> None:
        self.policies = policies
        self.pools = pools
        self.fleet = fleet
        self._sources: dict[tuple[str, str], Source] = {}
        self._air: dict[str, tuple[tuple[str, str], ...]] = {}

    @property
    def assumed_bytes(self) -> int:
        """What a blank disc holds that no drive has looked at: what these policies reckon with."""
        nominal = [each.nominal_capacity_bytes.value for each in self.policies.values()]
        floors = [each.capacity_min_bytes for each in self.pools.values()]
        return max([ASSUMED_CAPACITY_BYTES, *nominal, *floors])

    def source(self, policy_id: str | None, role: str) -> Source:
        """Where the media of a role may be; copies of volumes without a policy take any."""
        policy = self.policies.get(policy_id or "")
        if policy is None:
            return ANY
        key = policy.policy_id, role
        if key not in self._sources:
            self._sources[key] = self._source(policy, role)
        return self._sources[key]

    def sites_apart(self, policy_id: str | None, role: str) -> frozenset[str]:
        policy = self.policies.get(policy_id or "")
        return policy.sites_apart(role) if policy is not None else frozenset()

    def appliances_apart(self, policy_id: str | None, role: str) -> frozenset[str]:
        policy = self.policies.get(policy_id or "")
        return policy.appliances_apart(role) if policy is not None else frozenset()

    def bad_air(self, policy_id: str | None, appliance: str) -> str:
        """Why the policy lets nothing be written in an appliance now; empty if it does."""
        policy = self.policies.get(policy_id or "")
        return dict(self._unfit(policy)).get(appliance, "") if policy is not None else ""

    def _source(self, policy: Policy, role: str) -> Source:
        name, unfit = policy.pool_of(role), self._unfit(policy)
        if name is None:
            return Source(unfit=unfit) if unfit else ANY
        pool, kind = self.pools.get(name), policy.medium_of(role)
        if pool is None or not pool.has_kind(kind):
            return Source(name, frozenset(), 0, unfit)
        reach = frozenset(each for each in self.fleet.members if pool.has_appliance(each))
        return Source(name, reach, pool.capacity_min_bytes, unfit)

    def _unfit(self, policy: Policy) -> tuple[tuple[str, str], ...]:
        """Appliances in whose air the policy lets nothing be written, with the reading."""
        if policy.policy_id not in self._air:
            self._air[policy.policy_id] = tuple(self._outside(policy))
        return self._air[policy.policy_id]

    def _outside(self, policy: Policy) -> Iterable[tuple[str, str]]:
        for member in self.fleet.members.values():
            for quantity, value in member.readings:
                rule = next((r for q, r in policy.environment.items() if q == quantity), None)
                if rule is not None and not rule.value.holds(value):
                    low, high = rule.value.low, rule.value.high
                    limits = f"{'' if low is None else low}…{'' if high is None else high}"
                    yield member.appliance, f"its {quantity} is {value:g}, outside {limits}"
                    break


def open_rulebook(
    connection: sa.Connection, policy_ids: Collection[str | None], fleet: Fleet
) -> Rulebook:
    """The rules of these policies. One that cannot be read any more asks for nothing."""
    ids = sorted({each for each in policy_ids if each})
    found: dict[str, Policy] = {}
    query = sa.select(_policies.policy_id, _policies.document).where(_policies.policy_id.in_(ids))
    for row in connection.execute(query) if ids else ():
        try:
            found[row.policy_id] = policy_from_document(row.document)
        except ValidationError:
            continue
    return Rulebook(found, load_pools(connection), fleet)
