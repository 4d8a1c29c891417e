"""Queries that want to break out, crash, or make the store work for nothing."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.contract.errors import SteleError
from console.catalogue import search as search_module
from console.catalogue.indexing import catch_up
from console.catalogue.search import search
from console.catalogue.segments import NUMBER_MAX
from console.store.engine import reading
from tests.console.catalogue.corpus import Dossier, Item, put

SMALL = (
    Dossier("会议纪要", (Item("a OR b.txt"), Item("NEAR(a b).txt"), Item("100%_'quoted'.txt"))),
    Dossier("x", (Item('"; DROP TABLE files; --'), Item("a" * 250), Item("\uf7ff\uf780.bin"))),
)
HOSTILE = (
    *(
        "'",
        '"',
        "''",
        '"""',
        "%",
        "_",
        "\\",
        "a OR b",
        "NEAR(a b)",
        "NOT x",
        "x AND",
        "(",
        "^a",
        "a*",
    ),
    *(
        "{path} : x",
        "path : x",
        "'; DROP TABLE files; --",
        "\x00",
        "a\x00b",
        "\ud800",
        "\U0010ffff",
    ),
    *("*" * 900, "?" * 900, "(" * 900, '"' * 999, "a " * 20, "a:" * 300, ":" * 500, "x" * 1000),
    *("year:0000", "year:9999..", "state:" * 100, "fonds:%", "series:'", "kind:file" * 3),
)


def ids(store: sa.Engine, text: str, **options: Any) -> list[str]:
    with reading(store).connect() as connection:
        page = search(connection, text, **options)
    return [getattr(hit, "file_id", hit.package_id) for hit in page.items]


def test_syntax_of_other_engines_is_text(store: sa.Engine) -> None:
    put(store, SMALL)
    catch_up(store)
    assert ids(store, "OR") == ["f-000000-000000"]
    assert ids(store, '"NEAR(a b)"') == ["f-000000-000001"]
    assert ids(store, "100%_'quoted'") == ["f-000000-000002"]
    assert ids(store, "'\"; DROP TABLE files; --'") == []
    assert ids(store, "drop table") == ["f-000001-000000"]
    assert ids(store, "\uf7ff") == ["f-000001-000002"]
    assert ids(store, "a" * 250) == ids(store, "a" * 40) == ["f-000001-000001"]
    assert ids(store, "a" * 251) == []
    for text in HOSTILE:
        try:
            ids(store, text)
        except SteleError as error:
            assert error.code in (5310, 5311), text  # noqa: PT017  (an answer is good as well)
    with reading(store).connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM files")) == 6


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=300) | st.text('":*() _-会议aà1０\x00', max_size=60))
def test_any_text_is_answered(store: sa.Engine, text: str) -> None:
    with reading(store).connect() as connection:
        try:
            search(connection, text)
        except SteleError as error:
            assert error.code in (5310, 5311)  # noqa: PT017  (an answer is good as well)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "file-whole",
        f"file-whole-{NUMBER_MAX + 1}",
        "file-whole--1",
        "box-part-1",
        "é",
        "\x00",
        "dossier-whole-1 OR 1=1",
        "file-part-" + "9" * 500,
    ],
)
def test_a_made_up_page_is_refused_or_the_first(store: sa.Engine, token: str) -> None:
    with reading(store).connect() as connection:
        if not token:
            assert search(connection, "x", after=token).next is None
            return
        with pytest.raises(SteleError) as caught:
            search(connection, "x", after=token)
    assert caught.value.code == 5312


def test_names_that_only_look_alike_to_the_index_end_a_page_early_and_lose_nothing(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ab ba` has both pairs of `aba` in Chinese, so each name must be read to be refused."""
    monkeypatch.setattr(search_module, "LOOKED_AT_MAX", 20)
    names = [Item(f"会议.议会.{n}") for n in range(100)]
    put(store, [Dossier("d", (*names, Item("会议会")))])
    catch_up(store)
    found: list[str] = []
    pages, after = 0, None
    while True:
        with reading(store).connect() as connection:
            page = search(connection, "会议会", after=after)
        found += [getattr(hit, "path", "") for hit in page.items]
        pages, after = pages + 1, page.next
        if after is None:
            break
    assert found == ["会议会"]
    assert pages == 6
