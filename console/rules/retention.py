"""Retention periods: the words that packages bear, and the policy that knows them. Pure."""

from appliance.contract.errors import SteleError
from console.rules.policy import Policy


def check_retention(policy: Policy, word: str) -> str:
    """The word that a package is to bear; empty stays empty, and then the usual one counts.

    Raises:
        SteleError: 5226 the policy lists its words, and this is none of them.
    """
    periods = policy.retention.value.periods
    if word and (len(word) > 32 or (periods and word not in periods)):
        known = f"; policy {policy.policy_id} has {', '.join(periods)}" if periods else ""
        raise SteleError(5226, f"{word[:40]!r} is no retention period{known}")
    return word
