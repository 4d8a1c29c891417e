"""What a person typed is understood, fields in two languages too; or it is said why not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.contract.errors import SteleError
from console.catalogue.documents import year_terms, years_between
from console.catalogue.query import CHARACTERS_MAX, TERMS_MAX, WORDS_MAX, Query, parse


def words(query: Query) -> list[tuple[str | None, str]]:
    return [(word.field, word.text) for word in query.words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("会议  ＰＤＦ", [(None, "会议"), (None, "pdf")]),
        ('"Annual   Report" x', [(None, "annual report"), (None, "x")]),
        ("“年度 报告”", [(None, "年度 报告")]),
        ('"open end', [(None, "open end")]),
        (
            'title:预算 题名：决算 name:"a b"',
            [("title", "预算"), ("title", "决算"), ("name", "a b")],
        ),
        ("title: 预算", [("title", "预算")]),
        ("10:30 http://x", [(None, "10:30"), (None, "http://x")]),
        ("minu* 100%", [(None, "minu"), (None, "100%")]),
        ('pdf"年 会"', [(None, "pdf"), (None, "年 会")]),
        ("% _ * \"\" ''", []),
        ("a\x00b\u202ec\u2028d", [(None, t) for t in "abcd"]),
        ("", []),
    ],
)
def test_words_and_phrases(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert words(parse(text)) == expected


def test_values_years_states_and_kinds() -> None:
    query = parse(
        'series:3 目录：永久 年度:1998..2003 state:archived 状态:landed kind:案卷 fonds:"a b"'
    )
    assert query.values == {"series": ("3", "永久"), "fonds": ("a b",)}
    assert query.years == (1998, 2003)
    assert query.states == ("archived", "landed")
    assert query.kinds == ("dossier",)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1998", (1998, 1998)),
        ("1998..", (1998, 9999)),
        ("..1998", (0, 1998)),
        ("1998-2003", (1998, 2003)),
    ],
)
def test_years(text: str, years: tuple[int, int]) -> None:
    assert parse(f"year:{text}").years == years


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("x" * (CHARACTERS_MAX + 1), 5310, "1,001 characters"),
        (" ".join(["x"] * (WORDS_MAX + 1)), 5310, "24 words"),
        ("seris:3", 5311, "series:"),
        ("year:soon", 5311, "year:1998"),
        ("year:2003..1998", 5311, "end before"),
        ("year:..", 5311, "no year"),
        ("state:lost", 5311, "archived"),
        ("kind:box", 5311, "dossier"),
    ],
)
def test_what_cannot_be_understood_is_told(text: str, code: int, told: str) -> None:
    with pytest.raises(SteleError) as caught:
        parse(text)
    assert caught.value.code == code
    assert told in caught.value.message


def test_a_long_query_looks_up_a_bounded_number_of_terms() -> None:
    many = " ".join("".join(chr(0x4E00 + 40 * n + m) for m in range(38)) for n in range(WORDS_MAX))
    assert len(parse(many).words) == WORDS_MAX
    assert sum(len(word.needle.required) for word in parse(many).words) <= TERMS_MAX


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
@example(1968, 2024, 2000)
@example(0, 9999, 5)
def test_a_range_of_years_is_covered_by_few_terms(first: int, last: int, year: int) -> None:
    terms = years_between(first, last)
    assert bool(set(year_terms(year)) & set(terms)) == (first <= year <= last)
    assert len(terms) <= 136
