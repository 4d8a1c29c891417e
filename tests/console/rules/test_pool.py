"""Pools: which media belong to one, and what is refused."""

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.rules.pool import parse_pool

DISC, DISK = MediumKind.DISC, MediumKind.DISK


def test_a_pool_that_asks_for_nothing_has_every_medium() -> None:
    pool = parse_pool('name = "any"', "any.toml")
    assert pool.has_medium("north/rack-1", DISK, None)
    assert pool.describe() == "media of every kind"
    assert pool.tier == 2


@pytest.mark.parametrize(
    ("appliance", "kind", "capacity_bytes", "belongs"),
    [
        ("north/rack-1", DISC, 100, True),
        ("north/rack-1", DISC, 99, False),
        ("north/rack-1", DISC, None, True),
        ("north/rack-1", DISK, 100, False),
        ("north/desk-1", DISC, 100, False),
        ("south/rack-1", DISC, 100, False),
        ("northern/rack-1", DISC, 100, False),
    ],
)
def test_kind_place_and_capacity_decide(
    appliance: str, kind: MediumKind, capacity_bytes: int | None, belongs: bool
) -> None:
    pool = parse_pool(
        'name = "p"\nkinds = ["disc"]\nsites = ["north"]\nappliances = ["*/rack-*"]\n'
        "capacity_min_bytes = 100",
        "p.toml",
    )
    assert pool.has_medium(appliance, kind, capacity_bytes) is belongs


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "name"),
        ('name = "../x"', "name"),
        ('name = "p"\nkind = ["disc"]', "did you mean 'kinds'"),
        ('name = "p"\nkinds = ["clay"]', "kinds"),
        ('name = "p"\nkinds = ["disc", "disc"]', "twice"),
        ('name = "p"\nsites = ["a/b"]', "no '/'"),
        ('name = "p"\nappliances = ["rack-1"]', "site/name"),
        ('name = "p"\nappliances = ["n/**********a"]', "wildcards"),
        ('name = "p"\nsites = ["a"]\nappliances = ["b/*"]', "none of the sites"),
        ('name = "p"\ntier = 4', "tier"),
        ('name = "p"\ntitle = "a\\u0000b"', "U+0000"),
        ("x = " + "[" * 30_000, "nested too deeply"),
        ("x = " + "1" * 5_000, "digits"),
        ("#" * 70_000, "longer than"),
    ],
)
def test_a_wrong_pool_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(SteleError) as caught:
        parse_pool(text, "p.toml")
    assert caught.value.code == 5211
    assert caught.value.message.startswith("p.toml: ")
    assert says in caught.value.message
