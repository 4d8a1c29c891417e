"""Searching by state, where too many dossiers are in it and out of it to be listed beforehand."""

import pytest
import sqlalchemy as sa

from console.catalogue import stages
from console.catalogue.indexing import catch_up
from console.catalogue.query import parse
from console.catalogue.search import search
from console.store.engine import reading
from tests.console.catalogue.corpus import Dossier, Item, put
from tests.console.catalogue.oracle import answer

ARCHIVE = [
    Dossier(f"会议{n}", tuple(Item(f"page {i} {n}.tif") for i in range(3)), state=state)
    for n, state in enumerate(["landed", "archived", "archived", "landed", "damaged", "landed"])
]


@pytest.mark.parametrize("few", [0, 1, 2_000])
@pytest.mark.parametrize(
    "text",
    ["state:landed", "page state:landed", "pag state:damaged state:archived", "x state:landed"],
)
def test_every_page_together_is_the_answer(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch, few: int, text: str
) -> None:
    monkeypatch.setattr(stages, "_FEW_DOSSIERS", few)
    monkeypatch.setattr(stages, "_SEGMENTS_MAX", 1)
    for n, dossier in enumerate(ARCHIVE):
        put(store, [dossier], first=n)
        catch_up(store)
    found: list[str] = []
    pages, after = 0, None
    while pages == 0 or after is not None:
        with reading(store).connect() as connection:
            page = search(connection, text, limit=2, after=after)
        found += [getattr(hit, "file_id", hit.package_id) for hit in page.items]
        pages, after = pages + 1, page.next
        assert pages < 50
    assert found == answer(parse(text), ARCHIVE)
