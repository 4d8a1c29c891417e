"""/api/v1/policies: the rules by which packages are kept, every version of them."""

from typing import Any

import msgspec
from msgspec import Struct

from console.api.rest import Call, Key, Page, PageQuery, Paragraph, Resource, Scope
from console.api.v1.pages import page_of_list
from console.api.v1.versions import TwoVersions, Version
from console.rules.differences import Difference
from console.rules.policy import Policy
from console.rules.policy_text import parse_policy
from console.rules.register import (
    FoundPolicy,
    PolicyVersion,
    find_policy,
    names,
    policy_diff,
    policy_history,
    policy_version,
    put_policy,
)

policies = Resource("policies", "Policies: the rules by which packages are kept.")


class PolicyText(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy as a TOML file; docs/policies.md shows every rule."""

    text: Paragraph


class PolicyInForce(Struct, frozen=True):
    """A policy in force. `origin`: registered, a file in the data folder, or brought along."""

    name: str
    version: int
    origin: str
    rules: dict[str, Any]
    """Every rule with its value and the source of that, also those that the text leaves out."""
    text: str


class PolicyRegistered(Struct, frozen=True):
    """One version, which never changes."""

    registered: PolicyVersion
    rules: dict[str, Any]


@policies.get("/policies", scope=Scope.READ, errors=(5203, 5224, 5429))
def list_policies(call: Call, query: PageQuery) -> Page[PolicyInForce]:
    """List the policies in force, by name."""
    return page_of_list(
        names(call.workspace),
        query,
        lambda name: name,
        lambda name: _in_force(find_policy(call.workspace, name)),
    )


@policies.post("/policies", scope=Scope.RULES, status=201, errors=(5203, 5224))
def put_policy_into_force(call: Call, body: PolicyText) -> PolicyRegistered:
    """Put a policy into force: new packages are filed by it, earlier ones keep theirs.

    Its version must be higher than that in force. The same text again changes nothing.
    """
    kept = put_policy(call.workspace, body.text, call.who)
    return PolicyRegistered(kept, _rules(parse_policy(body.text, "policy")))


@policies.get("/policies/{name}", scope=Scope.READ, errors=(5203, 5204, 5224))
def show_policy(call: Call, name: Key) -> PolicyInForce:
    """Show the policy in force under a name."""
    return _in_force(find_policy(call.workspace, name))


@policies.get("/policies/{name}/versions", scope=Scope.READ, errors=(5204, 5429))
def list_policy_versions(call: Call, name: Key, query: PageQuery) -> Page[PolicyVersion]:
    """List every registered version, newest first: the text as given, who registered it, when."""
    history = policy_history(call.workspace, name)
    return page_of_list(history, query, lambda each: -each.version, lambda each: each)


@policies.get("/policies/{name}/versions/{version}", scope=Scope.READ, errors=(5204, 5225))
def show_policy_version(call: Call, name: Key, version: Version) -> PolicyRegistered:
    """Show one registered version with all its rules."""
    with call.reading() as connection:
        rules = _rules(policy_version(connection, name, version))
    history = policy_history(call.workspace, name)
    (registered,) = [each for each in history if each.version == version]
    return PolicyRegistered(registered, rules)


@policies.get("/policies/{name}/changes", scope=Scope.READ, errors=(5225,))
def compare_policy_versions(call: Call, name: Key, query: TwoVersions) -> list[Difference]:
    """List the rules that differ between two versions, with their values and sources in each."""
    return policy_diff(call.workspace, name, query.before, query.after)


def _in_force(found: FoundPolicy) -> PolicyInForce:
    policy = found.policy
    return PolicyInForce(policy.name, policy.version, found.origin, _rules(policy), found.text)


def _rules(policy: Policy) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(policy)
    return {name: rule for name, rule in document.items() if name not in ("name", "version")}
