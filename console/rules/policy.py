"""A policy: what an archive asks of every package filed under it. Pure.

A policy is a TOML file with a name and a version. Each rule in it has a value and the source of
that value. `docs/policies.md` shows every rule with an example. A rule that a file leaves out is
what `Policy` says here; it is written into the store with the others when the policy is
registered, so that it stays the same for what was filed under it.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from appliance.contract.states import MediumKind
from console.rules.values import (
    Approval,
    Digests,
    Inspection,
    Name,
    Protection,
    Quantity,
    Range,
    Retention,
    Role,
    Rule,
    Tiers,
    by_itself,
)

Roles = Annotated[list[Role], Meta(min_length=1, max_length=10)]
RolesApart = dict[Role, Annotated[list[Role], Meta(min_length=1, max_length=10)]]


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """All rules of one version of one policy."""

    name: Name
    version: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    copies: Rule[Roles]
    """A copy of each volume for every role."""
    digests: Rule[Digests]
    release_landing: Rule[bool]
    nominal_capacity_bytes: Rule[Annotated[int, Meta(ge=1 << 20, le=1 << 50)]]
    capacity_margin_bytes: Rule[Annotated[int, Meta(ge=0)]]
    label: Rule[Annotated[str, Meta(max_length=200)]]
    media: Rule[dict[Role, MediumKind]] = by_itself({})
    """The kind of medium for a role; a role that it does not name is on disc."""
    pools: Rule[dict[Role, Name]] = by_itself({})
    """The pool that a role's media come from; a role that it does not name takes any."""
    sites: Rule[RolesApart] = by_itself({})
    """For a role, the roles on whose site its copy must not be."""
    appliances: Rule[RolesApart] = by_itself({})
    """For a role, the roles in whose appliance its copy must not be."""
    protection: Rule[Protection] = by_itself(Protection(1, 0))
    dossier_whole: Rule[bool] = by_itself(True)
    """A dossier never spans discs. Always true: it is named here so that its source can be."""
    one_series: Rule[bool] = by_itself(True)
    """A disc never mixes series. Always true."""
    by_year: Rule[bool] = by_itself(False)
    """A disc never mixes years."""
    by_retention: Rule[bool] = by_itself(False)
    """A disc never mixes retention periods."""
    print_labels: Rule[bool] = by_itself(False)
    """Whether discs get a printed label where the appliance has a printer."""
    retention: Rule[Retention] = by_itself(Retention())
    inspection: dict[MediumKind, Rule[Inspection]] = {}
    approval: Rule[Approval] = by_itself(Approval())
    tiers: Tiers = Tiers()
    environment: dict[Quantity, Rule[Range]] = {}
    """The air in which a copy may be written; what is not named is not asked for."""

    def medium_of(self, role: str) -> MediumKind:
        return self.media.value.get(role, MediumKind.DISC)

    def pool_of(self, role: str) -> str | None:
        """The name of the pool that a role's medium comes from; None for any."""
        return self.pools.value.get(role)

    def sites_apart(self, role: str) -> frozenset[str]:
        """The roles whose copies must be on another site than this role's."""
        return _apart(self.sites.value, role)

    def appliances_apart(self, role: str) -> frozenset[str]:
        """The roles whose copies must be in another appliance than this role's."""
        return _apart(self.appliances.value, role)

    def retention_of(self, word: str) -> str:
        """The retention word that counts for a package that bears `word`, which may be empty."""
        return word or self.retention.value.usual

    @property
    def disc_copies(self) -> int:
        """How many copies of each volume are on discs."""
        return sum(self.medium_of(role) is MediumKind.DISC for role in self.copies.value)

    @property
    def policy_id(self) -> str:
        return f"{self.name}:{self.version}"


def policy_from_document(document: object) -> Policy:
    """The policy as the store keeps it."""
    if isinstance(document, dict):
        # Rules that were not given were once kept as null.
        document = {name: rule for name, rule in document.items() if rule is not None}
    return msgspec.convert(document, Policy)


def _apart(rule: dict[str, list[str]], role: str) -> frozenset[str]:
    others = {other for other, roles in rule.items() if role in roles}
    return frozenset(others.union(rule.get(role, ())))
