"""Policies: strict data, every value with its source, labels that a disc has room for."""

import msgspec
import pytest

from appliance.contract.errors import SteleError
from console.rules.labels import LABEL_CHARACTERS_MAX, make_label
from console.rules.policy import Policy, policy_from_document
from console.rules.policy_text import default_text, parse_policy

TEXT = default_text()


@pytest.fixture
def policy() -> Policy:
    return parse_policy(TEXT, "default")


def test_the_default_policy_asks_for_two_copies(policy: Policy) -> None:
    assert policy.policy_id == "default:2"
    assert policy.copies.value == ["use", "sealed"]
    assert policy.release_landing.value is True


def test_the_store_gives_back_the_same_policy(policy: Policy) -> None:
    assert policy_from_document(msgspec.to_builtins(policy)) == policy


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[copies]", "[copys]", "did you mean 'copies'"),
        ('["use", "sealed"]', '["use", "use"]', "role twice"),
        ('["use", "sealed"]', "[]", "copies"),
        ('["sha256"]', '["sm3"]', "digests"),
        ("{number:04d}", "{nr}", "may hold only"),
        ("-{number:04d}", "", "needs {number}"),
        ("{number:04d}", "{number:04d", "label"),
        ("{fonds}", "x" * 60, "no room"),
        ("805_306_368", "99_999_999_999", "leaves nothing"),
        ('source = "Single', 'sauce = "Single', "sauce"),
        ("version = 2", "version = 0", "version"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_reason(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(SteleError) as caught:
        parse_policy(TEXT.replace(old, new), "mine.toml")
    assert caught.value.code == 5203
    assert caught.value.message.startswith("mine.toml: ")
    assert says in caught.value.message


def test_a_label_names_fonds_series_and_number(policy: Policy) -> None:
    assert make_label(policy.label.value, "J001", "1978", 2026, 12) == "J001-1978-0012"


@pytest.mark.parametrize(
    ("fonds", "series"), [("全" * 99, "s"), ("f", "目" * 99), ("全" * 99,) * 2]
)
def test_a_label_never_outgrows_its_disc(policy: Policy, fonds: str, series: str) -> None:
    label = make_label(policy.label.value, fonds, series, 2026, 1_234_567)
    assert len(label) <= LABEL_CHARACTERS_MAX
    assert label.endswith("-1234567")
    assert label[0] == fonds[0]
