"""Policies as text: what a person writes, checked, and the policy that Stele brings along. Pure."""

from importlib.resources import files

from appliance.contract.errors import SteleError
from console.rules.contradictions import contradiction
from console.rules.documents import parse_document
from console.rules.policy import Policy

DEFAULT = "default"
"""The policy of whoever names none; it exists always."""


def parse_policy(text: str, where: str) -> Policy:
    """A policy from TOML text; `where` names it in errors. Anybody may have written it.

    Raises:
        SteleError: 5203, names what is wrong.
    """
    policy = parse_document(text, where, Policy, 5203)
    problem = contradiction(policy)
    if problem:
        raise SteleError(5203, f"{where}: {problem}")
    return policy


def default_text() -> str:
    """The policy `default` as Stele brings it along."""
    return files("console.rules").joinpath("default_policy.toml").read_text("utf-8")


def default_policy() -> Policy:
    return parse_policy(default_text(), "default_policy.toml")
