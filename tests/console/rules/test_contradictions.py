"""Rules that cannot be meant are refused in words, hostile ones too; what is left out is usual."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.rules.labels import LABEL_CHARACTERS_MAX, make_label, template_problem
from console.rules.policy import Policy, policy_from_document
from console.rules.policy_text import default_policy, default_text, parse_policy
from console.rules.retention import check_retention
from tests.console.rules.fleets import policy, rule

THREE = '["use", "sealed", "off-site"]'


def refused(more: str, says: str, copies: str = THREE) -> None:
    with pytest.raises(SteleError) as caught:
        policy(copies, more)
    assert caught.value.code == 5203
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("media", '{ shelf = "disk" }', "[media] names the role 'shelf'"),
        ("media", '{ use = "clay" }', "clay"),
        ("pools", '{ shelf = "p" }', "[pools] names the role 'shelf'"),
        ("pools", '{ use = "../p" }', "pools"),
        ("sites", '{ off-site = ["shelf"] }', "[sites] names the role 'shelf'"),
        ("sites", '{ use = ["use"] }', "apart from itself"),
        ("sites", "{ use = [] }", "sites"),
        ("appliances", '{ shelf = ["use"] }', "[appliances] names the role 'shelf'"),
        ("protection", "{ data = 200, parity = 57 }", "more than 256"),
        ("protection", "{ data = 0, parity = 2 }", "data"),
        ("approval", '{ by = "itself" }', "needs discs_max"),
        ("approval", '{ by = "person", discs_max = 9 }', "nobody reads"),
        ("approval", '{ by = "nobody" }', "nobody"),
        ("retention", '{ periods = { a = 1 }, usual = "b" }', "usual is 'b'"),
        ("retention", "{ periods = { a = -1 } }", "periods"),
        ("print_labels", '"yes"', "print_labels"),
        ("environment.temperature", "{ low = 24, high = 14 }", "not below"),
        ("environment.temperature", "{ }", "neither low nor high"),
        ("environment.noise", "{ low = 1 }", "noise"),
        ("environment.humidity", "{ low = nan, high = 60 }", "not a number"),
        ("environment.humidity", "{ high = inf }", "not a number"),
        ("inspection.tape", "{ every_days = 3, share = nan }", "share"),
        ("tiers.offline_after_days", "30", "needs offline_roles"),
        ("tiers.offline_roles", '["shelf"]', "names the role 'shelf'"),
        ("tiers.keep_days", "3", "did you mean 'keep_days"),
        ("inspection.tape", "{ every_days = 3, share = 0.0 }", "share"),
        ("inspection.clay", "{ every_days = 3, share = 0.5 }", "clay"),
    ],
)
def test_a_contradiction_is_told(name: str, value: str, says: str) -> None:
    text = rule(name, value)
    if f"[{name}]" in default_text():
        start = default_text().index(f"[{name}]")
        end = default_text().find("\n[", start)
        own = default_text()[start : end if end > 0 else None]
        with pytest.raises(SteleError) as caught:
            parse_policy(
                default_text().replace(own, text).replace('["use", "sealed"]', THREE), "test.toml"
            )
        assert says in caught.value.message
    else:
        refused(text, says)


@pytest.mark.parametrize("name", ["dossier_whole", "one_series"])
def test_the_two_rules_of_archives_cannot_be_switched_off(name: str) -> None:
    text = default_text()
    start = text.index(f"[{name}]")
    with pytest.raises(SteleError, match="cannot be switched off"):
        parse_policy(
            text[:start] + text[start:].replace("value = true", "value = false", 1), "test.toml"
        )


def test_a_role_is_apart_both_ways_round() -> None:
    asked = policy(THREE, rule("sites", '{ off-site = ["use", "sealed"] }'))
    assert asked.sites_apart("off-site") == {"use", "sealed"}
    assert asked.sites_apart("use") == {"off-site"}
    assert asked.appliances_apart("use") == set()
    assert (asked.pool_of("use"), asked.medium_of("use")) == (None, MediumKind.DISC)


OLD = """
name = "old"
version = 1
[copies]
value = ["use", "sealed"]
source = "x"
[digests]
value = ["sha256"]
source = "x"
[release_landing]
value = true
source = "x"
[nominal_capacity_bytes]
value = 25_025_314_816
source = "x"
[capacity_margin_bytes]
value = 0
source = "x"
[label]
value = "{fonds}-{number}"
source = "x"
"""


def test_a_policy_of_an_earlier_stele_asks_for_nothing_new() -> None:
    old = parse_policy(OLD, "old.toml")
    assert old.approval.value.by == "person"
    usual = (old.by_year.value, old.by_retention.value, old.print_labels.value)
    assert usual == (False, False, False)
    assert not old.sites_apart("use")
    assert old.environment == {}
    assert "not in the policy" in old.by_year.source


def test_a_document_that_an_earlier_stele_kept_can_be_read() -> None:
    kept = msgspec.to_builtins(parse_policy(OLD, "old.toml"))
    names = ("copies", "digests", "release_landing", "nominal_capacity_bytes", "label")
    earlier = {name: kept[name] for name in (*names, "capacity_margin_bytes", "name", "version")}
    assert policy_from_document(earlier | {"media": None, "print_labels": None}) == parse_policy(
        OLD, "old.toml"
    )


def test_what_is_left_out_is_written_down_when_it_is_kept() -> None:
    """So that another usual value in a later Stele changes nothing for what was filed."""
    kept = msgspec.to_builtins(parse_policy(OLD, "old.toml"))
    assert set(kept) == {field.name for field in msgspec.structs.fields(Policy)}
    assert kept["approval"]["value"] == {"by": "person", "discs_max": 0}


@pytest.mark.parametrize(
    "template",
    [
        "{number:999999999d}",
        "{number:{year}}",
        "{number!r:>9}",
        "{fonds:>999999999}{number}",
        "{fonds.__class__}{number}",
        "{fonds[0]}{number}",
        "{number:,}",
        "{number}" + "{series}" * 40,
        "{0}{number}",
        "{}{number}",
        "{number",
        "number}",
        "{number:0100d}",
    ],
)
def test_a_hostile_template_is_refused_at_once(template: str) -> None:
    began = time.process_time()
    assert template_problem(template)
    with pytest.raises(SteleError, match="5203"):
        parse_policy(OLD.replace("{fonds}-{number}", template), "hostile.toml")
    assert time.process_time() - began < 1


@given(
    st.sampled_from(
        [
            "{fonds}-{series}-{number:04d}",
            "{records_year}{retention}{number}",
            "{{{fonds}}}{year}{retention}{records_year}{series}{number:06d}",
        ]
    ),
    st.text(max_size=80),
    st.text(max_size=80),
    st.text(max_size=32),
    st.integers(1, 999_999),
)
def test_a_template_that_is_allowed_makes_labels_that_fit(
    template: str, fonds: str, series: str, retention: str, number: int
) -> None:
    assert not template_problem(template)
    label = make_label(
        template, fonds, series, 2026, number, records_year=1987, retention=retention
    )
    assert len(label) <= LABEL_CHARACTERS_MAX
    assert str(number) in label


def test_retention_words_are_those_of_the_policy() -> None:
    asked = policy(
        more=rule("retention", '{ periods = { "永久" = 0, "10年" = 10 }, usual = "永久" }')
    )
    assert check_retention(asked, "10年") == "10年"
    assert check_retention(asked, "") == ""
    assert (asked.retention_of(""), asked.retention_of("10年")) == ("永久", "10年")
    with pytest.raises(SteleError, match=r"5226.*永久, 10年"):
        check_retention(asked, "30年")
    free = default_policy()
    assert check_retention(free, "any word") == "any word"
    with pytest.raises(SteleError, match="5226"):
        check_retention(free, "x" * 33)
