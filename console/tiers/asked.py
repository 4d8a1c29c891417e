"""What policies ask of the tiers, by the id of each."""

import sqlalchemy as sa
from msgspec import convert

from console.rules.values import Tiers
from console.store import schema

_policies = schema.policies.c


def tier_rules(connection: sa.Connection) -> dict[str, Tiers]:
    """The rules of every policy that packages came in under."""
    query = sa.select(_policies.policy_id, _policies.document).order_by(_policies.policy_id)
    return {
        policy_id: convert(document.get("tiers") or {}, Tiers)
        for policy_id, document in connection.execute(query)
    }
