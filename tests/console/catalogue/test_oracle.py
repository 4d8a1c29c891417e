"""Every answer, on SQLite and on PostgreSQL, is what looking at all texts one by one gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from console.catalogue.indexing import catch_up
from console.catalogue.query import parse
from console.catalogue.search import DossierHit, search
from console.store import schema as s
from console.store.engine import open_store, reading
from tests.console.catalogue.corpus import Dossier, Item, put
from tests.console.catalogue.oracle import answer
from tests.console.postgres import PostgresServer, postgres

__all__ = ["postgres"]

Stores = list[sa.Engine]

PIECES = (
    *(
        "会议",
        "纪要",
        "会",
        "议",
        "议会",
        "年度",
        "第3次",
        "計劃",
        "2024",
        "24",
        "０２４",
        "1",
        "12",
    ),
    *("pdf", "PDF", "Ａｎｎ", "annual", "ann", "Annual Report", "report", "re", "a1b2", "straße"),
    *(
        "ﬁle",
        "가나다",
        "กข",
        "İ",
        "e\u0301",
        "\uf7ff",
        "😀",
        "½",
        "_",
        "-",
        " ",
        ".",
        "%",
        "'",
        "(",
        ":",
    ),
)
TEXT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
PATH = st.lists(TEXT, min_size=1, max_size=3).map("/".join)
DESCRIBED = st.none() | st.dictionaries(
    st.sampled_from(["creator", "题名"]), TEXT | st.lists(TEXT, max_size=2), max_size=2
)
STATES = st.sampled_from(["landed", "archived", "damaged"])
ITEM = st.builds(Item, PATH, st.just("") | TEXT, DESCRIBED)
DOSSIER = st.builds(
    Dossier,
    title=TEXT,
    items=st.lists(ITEM, max_size=4, unique_by=lambda item: item.path).map(tuple),
    fonds=st.sampled_from(["J001", "Ｊ002", "全宗"]),
    series=st.sampled_from(["1", "13", "永久"]),
    namespace=st.sampled_from(["default", "court"]),
    year=st.none() | st.integers(1997, 2004),
    retention=st.sampled_from(["", "永久", "30年"]),
    state=STATES,
    description=DESCRIBED,
)
WORD = TEXT.filter(lambda text: '"' not in text)
FIELD = st.sampled_from(["", "", "", "title:", "name:", "path:", "dossier:", "description:"])
VALUES = st.sampled_from(
    [
        *("fonds:j001", "series:1", "series:永久", "namespace:court", "retention:永久"),
        *("year:1998..2001", "year:..1999", "year:2000", "state:archived", "state:damaged"),
        *("kind:file", "kind:dossier"),
    ]
)
QUERY = st.lists(
    st.builds(lambda field, word: f'{field}"{word}"', FIELD, WORD)
    | st.builds(lambda field, word: f"{field}{word}", FIELD, WORD)
    | VALUES,
    min_size=1,
    max_size=4,
).map(" ".join)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Stores]:
    # A collation that puts words in another order than their bytes, as real servers have it.
    options = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'zh' LOCALE 'C.UTF-8'"
    url = postgres.create_database(options)
    folder: Path = tmp_path_factory.mktemp("oracle")
    opened = [open_store(f"sqlite:///{folder}/console.db"), open_store(url)]
    yield opened
    for store in opened:
        store.dispose()
    postgres.drop_database(url)


def clear(store: sa.Engine) -> None:
    with store.begin() as connection:
        tables = (s.search_spans, s.search_postings, s.search_segments, s.files, s.packages)
        for table in tables:
            connection.execute(table.delete())


def all_pages(store: sa.Engine, text: str, limit: int) -> list[str]:
    """Every id, page after page."""
    found: list[str] = []
    after = None
    with reading(store).connect() as connection:
        while True:
            page = search(connection, text, limit=limit, after=after)
            assert len(page.items) <= limit
            for hit in page.items:
                assert hit.fragments or not parse(text).words
                found.append(hit.package_id if isinstance(hit, DossierHit) else hit.file_id)
            after = page.next
            if after is None:
                return found


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    dossiers=st.lists(DOSSIER, min_size=1, max_size=6),
    queries=st.lists(QUERY, min_size=1, max_size=8),
    limit=st.integers(1, 4),
)
@example([Dossier("会议", (Item("x/y.pdf"),))], ["会议 pdf", "x/y", "y.pd", "议", "kind:file"], 2)
@example([Dossier("d", (Item("a1 b2"), Item("a1b"), Item("b a1b2")))], ["a1b2", "a1", '"a1 b"'], 1)
def test_both_databases_answer_as_the_oracle_does(
    stores: Stores, dossiers: list[Dossier], queries: list[str], limit: int
) -> None:
    for store in stores:
        clear(store)
        put(store, dossiers)
        catch_up(store)
    for text in queries:
        expected = answer(parse(text), dossiers)
        for store in stores:
            assert all_pages(store, text, limit) == expected, (store.dialect.name, text)
