"""The demo's cabinets and policies."""

import tomllib
from pathlib import Path

import pytest

from appliance.profiles import profile as profiles
from console.rules.policy_text import parse_policy
from simulators.demo.cast import CASTS, Cast


def test_every_profile_has_a_cast() -> None:
    folder = Path(profiles.__file__).parent
    assert set(CASTS) == {path.stem for path in folder.glob("*.toml")}


@pytest.mark.parametrize("cast", CASTS.values(), ids=list(CASTS))
def test_its_policy_is_one_of_the_consoles(cast: Cast) -> None:
    policy = parse_policy(cast.policy, "demo.toml")
    assert policy.name == "demo"
    assert {role: str(policy.medium_of(role)) for role in policy.copies.value} == cast.copies
    assert tomllib.loads(cast.policy)["print_labels"]["value"] is cast.prints
