"""The index as rows: segments of numbered documents, and for each term the documents that have it.

Numbers and segments are given out under the lock of one row of the store, which is held until the
commit. So nothing that a transaction does afterwards may wait for a row that another one, which
waits for this lock, has changed: numbers come last.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.catalogue.query import Kind
from console.store.schema import search_counters, search_postings, search_segments

NUMBER_MAX = 2**32 - 1
_ROWS_TOGETHER = 5_000


class Segment(NamedTuple):
    segment_id: int
    first: int
    last: int
    documents: int


def allot(connection: sa.Connection, count: int) -> range:
    """The next `count` numbers: nobody else has them or gets them.

    Raises:
        SteleError: 5313 there are no more.
    """
    counter = search_counters.c
    following = connection.scalar(
        search_counters.update()
        .where(counter.name == "number")
        .values(next=counter.next + count)
        .returning(counter.next)
    )
    if following is None or following > NUMBER_MAX:
        raise SteleError(5313, "the index of searches has no numbers left")
    return range(following - count, following)


def in_use(connection: sa.Connection, kind: Kind) -> list[Segment]:
    """The segments that are searched, by their numbers."""
    s = search_segments.c
    query = sa.select(s.segment_id, s.first, s.last, s.documents)
    query = query.where(s.kind == kind, s.replaced_at.is_(None)).order_by(s.first)
    return [Segment(*row) for row in connection.execute(query)]


def replace(
    connection: sa.Connection,
    kind: Kind,
    numbers: tuple[int, int],
    documents: int,
    postings: Iterable[tuple[str, bytes]],
) -> None:
    """Put a segment in the place of all that lie within `numbers` (first and last)."""
    first, last = numbers
    s = search_segments.c
    within = (s.kind == kind) & s.replaced_at.is_(None) & (s.first >= first) & (s.last <= last)
    connection.execute(search_segments.update().where(within).values(replaced_at=datetime.now(UTC)))
    (segment_id,) = allot(connection, 1)
    connection.execute(
        search_segments.insert(),
        {
            "segment_id": segment_id,
            "kind": kind,
            "first": first,
            "last": last,
            "documents": documents,
        },
    )
    # The driver's own words: there are more of these rows than of any others, and they are bytes.
    sign = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    insert = (
        "INSERT INTO search_postings (segment_id, term, documents) "  # noqa: S608  (nothing of it is given)
        f"VALUES ({sign}, {sign}, {sign})"
    )
    rows = ((segment_id, encode(term), bitmap) for term, bitmap in postings)
    while batch := list(islice(rows, _ROWS_TOGETHER)):
        connection.exec_driver_sql(insert, batch)


def encode(term: str) -> bytes:
    """A term as it is stored. Half of a surrogate pair is no text, but it is no reason to fail."""
    return term.encode("utf-8", "surrogatepass")


def postings(
    connection: sa.Connection, segments: Sequence[Segment], terms: Iterable[str]
) -> dict[int, dict[str, bytes]]:
    """The stored bitmaps of terms in segments, by segment; none where there is none."""
    names = {encode(term): term for term in terms}
    p = search_postings.c
    query = sa.select(p.segment_id, p.term, p.documents).where(
        p.segment_id.in_([segment.segment_id for segment in segments]), p.term.in_(sorted(names))
    )
    found: dict[int, dict[str, bytes]] = {}
    for segment_id, term, documents in connection.execute(query).all():
        found.setdefault(segment_id, {})[names[bytes(term)]] = documents
    return found


def forget_replaced(connection: sa.Connection, before: datetime) -> int:
    """Remove segments that were replaced before a time; returns how many."""
    s = search_segments.c
    old = list(connection.scalars(sa.select(s.segment_id).where(s.replaced_at < before)))
    for segment_id in old:
        connection.execute(
            search_postings.delete().where(search_postings.c.segment_id == segment_id)
        )
        connection.execute(search_segments.delete().where(s.segment_id == segment_id))
    return len(old)
