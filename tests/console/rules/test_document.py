"""docs/policies.md names every rule, and its examples are what they say."""

import re
from pathlib import Path

import msgspec
import pytest

from appliance.contract.errors import table
from console.rules.policy import Policy
from console.rules.policy_text import parse_policy
from console.rules.pool import Pool, parse_pool
from console.rules.values import Tiers

PAGE = (Path(__file__).parents[3] / "docs" / "policies.md").read_text("utf-8")
POLICY, POOL = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
ROWS = set(
    re.findall(r"`([a-z_.…]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)))
)


def rules() -> list[str]:
    """Every rule as a file names it."""
    names = []
    for field in msgspec.structs.fields(Policy):
        if field.name == "tiers":
            names += [f"tiers.{each.name}" for each in msgspec.structs.fields(Tiers)]
        elif field.name not in ("name", "version"):
            names.append(field.name)
    return names


@pytest.mark.parametrize("rule", rules())
def test_every_rule_is_described_and_in_the_example(rule: str) -> None:
    described = {"inspection": "inspection.disc", "environment": "environment.…"}.get(rule, rule)
    assert described in ROWS
    assert re.search(rf"^\[{re.escape(rule)}[\].]", POLICY, re.MULTILINE)


def test_the_page_describes_no_rule_that_is_not_there() -> None:
    known = {*rules(), "inspection.disc", "environment.…", ".disk", ".tape"}
    assert {row for row in ROWS if "pm" not in row} <= known


def test_the_examples_can_be_used() -> None:
    policy = parse_policy(POLICY, "docs/policies.md")
    assert policy.policy_id == "court:3"
    assert policy.sites_apart("use") == {"off-site"}
    assert policy.appliances_apart("use") == {"sealed"}
    pool = parse_pool(POOL, "docs/policies.md")
    assert policy.pool_of("off-site") == pool.name
    fields = {field.name for field in msgspec.structs.fields(Pool)}
    assert fields == set(re.findall(r"^([a-z_]+) =", POOL, re.MULTILINE))


def test_every_problem_that_the_page_lists_has_its_number() -> None:
    listed = {int(code) for code in re.findall(r"^\| (52\d\d)", PAGE, re.MULTILINE)}
    assert listed | {5220} == {5210, *range(5212, 5221)}
    assert listed <= set(table())
