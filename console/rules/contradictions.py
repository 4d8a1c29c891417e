"""What a policy asks for that cannot be meant: rules that contradict each other. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence

from console.rules.labels import template_problem
from console.rules.policy import Policy

SET_MEMBERS_MAX = 256
"""Of a protection set: what its code can count."""


def contradiction(policy: Policy) -> str:
    """The first thing that is wrong with a policy whose values are each possible, or nothing."""
    return next(_contradictions(policy), "")


def _contradictions(policy: Policy) -> Iterator[str]:
    yield from _about_roles(policy)
    yield from _about_discs(policy)
    yield from _about_grouping(policy)
    yield from _about_retention(policy)
    approval = policy.approval.value
    if approval.by == "itself" and not approval.discs_max:
        yield "[approval] by itself needs discs_max, the most media that it may approve"
    if approval.by == "person" and approval.discs_max:
        yield "[approval] has discs_max, which nobody reads while a person approves"
    yield from _about_numbers(policy)


def _about_numbers(policy: Policy) -> Iterator[str]:
    """TOML knows nan and inf; nothing that is compared with them can be meant."""
    for quantity, rule in policy.environment.items():
        limits = [limit for limit in (rule.value.low, rule.value.high) if limit is not None]
        if not limits:
            yield f"[environment.{quantity}] has neither low nor high"
        elif not all(map(math.isfinite, limits)):
            yield f"[environment.{quantity}] has a limit that is not a number"
        elif len(limits) == 2 and limits[0] >= limits[1]:
            yield f"[environment.{quantity}] low is not below high"
    for kind, inspection in policy.inspection.items():
        if not math.isfinite(inspection.value.share):
            yield f"[inspection.{kind}] share is not a number"


def _about_roles(policy: Policy) -> Iterator[str]:
    roles = policy.copies.value
    if len(set(roles)) < len(roles):
        yield "[copies] names a role twice"
    tables: dict[str, Mapping[str, object]] = {
        "media": policy.media.value,
        "pools": policy.pools.value,
    }
    for name, table in tables.items():
        yield from _unknown(name, list(table), roles)
    for name, apart in (("sites", policy.sites.value), ("appliances", policy.appliances.value)):
        for role, others in apart.items():
            yield from _unknown(name, [role, *others], roles)
            if role in others:
                yield f"[{name}] wants the role {role!r} apart from itself"
    yield from _unknown("tiers.offline_roles", policy.tiers.offline_roles.value, roles)
    if policy.tiers.offline_after_days.value and not policy.tiers.offline_roles.value:
        yield "[tiers.offline_after_days] needs offline_roles, the roles whose copies go offline"


def _unknown(rule: str, named: Sequence[str], roles: Sequence[str]) -> Iterator[str]:
    for role in named:
        if role not in roles:
            yield f"[{rule}] names the role {role!r}; [copies] has {', '.join(roles)}"


def _about_discs(policy: Policy) -> Iterator[str]:
    if policy.digests.value not in (["sha256"], ["sha256", "sm3"]):
        yield '[digests] must be ["sha256"] or ["sha256", "sm3"]'
    if policy.capacity_margin_bytes.value >= policy.nominal_capacity_bytes.value:
        yield "[capacity_margin_bytes] leaves nothing of [nominal_capacity_bytes]"
    protection = policy.protection.value
    if protection.data + protection.parity > SET_MEMBERS_MAX:
        yield f"[protection] has more than {SET_MEMBERS_MAX} volumes in a set"
    problem = template_problem(policy.label.value)
    if problem:
        yield f"[label] {problem}"


def _about_grouping(policy: Policy) -> Iterator[str]:
    if not policy.dossier_whole.value:
        yield "[dossier_whole] cannot be switched off: a dossier never spans discs"
    if not policy.one_series.value:
        yield "[one_series] cannot be switched off: a disc never mixes series"
    template = policy.label.value
    if "{records_year" in template and not policy.by_year.value:
        yield "[label] names {records_year}, which a disc has only with [by_year]"
    if "{retention" in template and not policy.by_retention.value:
        yield "[label] names {retention}, which a disc has only with [by_retention]"


def _about_retention(policy: Policy) -> Iterator[str]:
    retention = policy.retention.value
    if retention.periods and retention.usual not in retention.periods:
        words = ", ".join(retention.periods)
        yield f"[retention] usual is {retention.usual!r}; periods has {words}"
