"""Finding dossiers and files by words and fields, in Chinese and English, a page at a time.

The index names candidates, their texts decide. A page looks at `LOOKED_AT_MAX` candidates at most:
then it ends early, with fewer hits or none, and says where the next one goes on.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import sqlalchemy as sa
from msgspec import Struct

from console.catalogue.hits import DossierHit, FileHit, Looker
from console.catalogue.matching import plan
from console.catalogue.places import CopyPlace, places_of
from console.catalogue.query import Kind, parse
from console.catalogue.walk import KINDS, Cursor, Walk, cursor_of
from console.store.keys import search_key

__all__ = ["CopyPlace", "DossierHit", "FileHit", "Found", "Page", "find", "places_of", "search"]

LOOKED_AT_MAX = 1_000
PAGE_MAX = 1_000
_LOOK_TOGETHER = 200


class Page(Struct, frozen=True):
    """Hits in their order; `next` is where the next page begins, None behind the last."""

    items: list[DossierHit | FileHit]
    next: str | None


class Found(Struct, frozen=True):
    """What a search gave; `more` says that the limit cut it off."""

    dossiers: list[DossierHit]
    files: list[FileHit]
    more: bool


def search(
    connection: sa.Connection,
    text: str,
    *,
    kinds: Sequence[Kind] = KINDS,
    namespaces: Sequence[str] | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """Dossiers, then files that match a query (`console.catalogue.query`), at most `limit` of them.

    A file matches when each word is in its path, title or description, or in what its dossier
    says, and one of them in its own. `namespaces` are those that may be looked into, None for all.
    `connection` only reads; open it with `console.store.engine.reading`.

    Raises:
        SteleError: 5310, 5311 the query; 5312 `after` is no page's end.
    """
    query = parse(text)
    start = cursor_of(after) if after else None
    if query.is_empty:
        return Page([], None)
    allowed = None if namespaces is None else tuple(map(search_key, namespaces))
    plans = {kind: plan(query, kind, allowed) for kind in kinds}
    walk = Walk(connection, {k: p for k, p in plans.items() if p is not None}, query.states)
    looker = Looker(connection, query, namespaces)
    return _page(looker, walk, start, min(max(limit, 1), PAGE_MAX))


def _page(looker: Looker, walk: Walk, start: Cursor | None, limit: int) -> Page:
    found: list[tuple[Cursor, DossierHit | FileHit]] = []
    candidates = walk.candidates(start)
    looked_at, reached = 0, start
    while len(found) <= limit and looked_at < LOOKED_AT_MAX:
        together = _next_few(candidates, limit + 1 - len(found), looked_at)
        if not together:
            reached = walk.reached
            break
        looked_at, reached = looked_at + len(together), together[-1]
        found += looker.hits(together)
    if len(found) > limit:
        found = found[:limit]
        reached = found[-1][0]
    return Page(looker.complete([hit for _, hit in found]), reached.token if reached else None)


def _next_few(candidates: Iterator[Cursor], missing: int, looked_at: int) -> list[Cursor]:
    """As many as are missing, and more with every try."""
    count = max(missing, min(looked_at, _LOOK_TOGETHER))
    return list(islice(candidates, min(count, LOOKED_AT_MAX - looked_at)))


def find(connection: sa.Connection, text: str, limit: int = 50) -> Found:
    """The first `limit` dossiers and the first `limit` files of a search.

    Raises:
        SteleError: 5310, 5311.
    """
    pages = {kind: _first(connection, text, kind, limit) for kind in KINDS}
    return Found(
        [hit for hit in pages["dossier"].items if isinstance(hit, DossierHit)],
        [hit for hit in pages["file"].items if isinstance(hit, FileHit)],
        any(page.next is not None for page in pages.values()),
    )


def _first(connection: sa.Connection, text: str, kind: Kind, limit: int) -> Page:
    """Pages until there are `limit` hits."""
    items: list[DossierHit | FileHit] = []
    after = None
    while True:
        page = search(connection, text, kinds=(kind,), limit=limit - len(items), after=after)
        items += page.items
        after = page.next
        if after is None or len(items) >= limit:
            return Page(items, after)
