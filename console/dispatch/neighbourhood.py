"""Whether a copy may count where it turned up: the policy's roles apart, asked of what is there."""

from typing import Any

import sqlalchemy as sa
from msgspec import ValidationError

from console.dispatch.waiting import HAS_PLACE
from console.rules.policy import Policy, policy_from_document
from console.store import schema

_copies, _policies = schema.copies.c, schema.policies.c


def breaks_rules(connection: sa.Connection, copy: Any, appliance: str) -> str:
    """The role of a copy that must not be so near; empty when the copy may count there.

    `copy` has the `policy_id` of its volume. Where the copy was sent by the rules of its time, it
    counts.
    """
    if copy.policy_id is None or copy.appliance == appliance:
        return ""
    document = connection.scalar(
        sa.select(_policies.document).where(_policies.policy_id == copy.policy_id)
    )
    try:
        policy = policy_from_document(document)
    except ValidationError:
        return ""
    others = sa.select(_copies.role, _copies.appliance).where(
        _copies.volume_id == copy.volume_id,
        _copies.copy_id != copy.copy_id,
        _copies.state.in_(HAS_PLACE),
        _copies.appliance.is_not(None),
    )
    return next(
        (
            str(row.role)
            for row in connection.execute(others.order_by(_copies.role))
            if _too_near(policy, copy.role, appliance, row)
        ),
        "",
    )


def _too_near(policy: Policy, role: str, appliance: str, other: Any) -> bool:
    if other.appliance == appliance:
        return other.role in policy.appliances_apart(role) | policy.sites_apart(role)
    same_site = other.appliance.partition("/")[0] == appliance.partition("/")[0]
    return same_site and other.role in policy.sites_apart(role)
