"""Comparing the index with the documents: every term of each where it belongs, and nothing else."""

import sqlalchemy as sa
from msgspec import Struct
from pyroaring import BitMap

from appliance.contract.errors import SteleError
from console.catalogue.indexing import gather
from console.catalogue.query import Kind
from console.catalogue.segments import Segment, encode, in_use
from console.catalogue.walk import KINDS
from console.store.schema import files, packages, search_postings

_TERMS_TOGETHER = 2_000


class Checked(Struct, frozen=True):
    """What a check has compared."""

    segments: int
    documents: int
    terms: int


def check(connection: sa.Connection) -> Checked:
    """Compare the whole index with what `rebuild` would make now. Takes as long as that.

    Raises:
        SteleError: 5314 names the segment and the first term that differs.
    """
    segments = documents = terms = 0
    for kind in KINDS:
        ends = 0
        for segment in in_use(connection, kind):
            if segment.first <= ends:
                raise _damaged(segment, "it overlaps the one before")
            if outside := _numbered_between(connection, kind, ends + 1, segment.first - 1):
                raise _damaged(segment, f"{outside} documents before it are in none")
            terms += _check_segment(connection, kind, segment)
            segments, documents, ends = segments + 1, documents + segment.documents, segment.last
        if outside := _numbered_between(connection, kind, ends + 1, 2**62):
            raise SteleError(5314, f"{outside} documents with a number are in no segment")
    return Checked(segments, documents, terms)


def _numbered_between(connection: sa.Connection, kind: Kind, first: int, last: int) -> int:
    table = packages if kind == "dossier" else files
    wanted = table.c.number.between(first, last)
    count = sa.select(sa.func.count()).select_from(table).where(wanted)
    return connection.scalar(count) or 0


def _check_segment(connection: sa.Connection, kind: Kind, segment: Segment) -> int:
    """Compare a segment; what is there too much may be of documents that are no more."""
    gathering, _, _ = gather(connection, kind, segment.first, segment.last)
    expected = {encode(term): documents for term, documents in gathering.postings()}
    terms = sorted(expected)
    for start in range(0, len(terms), _TERMS_TOGETHER):
        wanted = terms[start : start + _TERMS_TOGETHER]
        p = search_postings.c
        query = sa.select(p.term, p.documents).where(
            p.segment_id == segment.segment_id, p.term.in_(wanted)
        )
        found = {row[0]: row[1] for row in connection.execute(query)}
        for term in wanted:
            if not _holds(found.get(term), expected[term]):
                shown = term.decode("utf-8", "replace")
                raise _damaged(segment, f"documents are missing under the term {shown!r}")
    return len(terms)


def _holds(stored: bytes | None, expected: bytes) -> bool:
    if stored == expected:
        return True
    try:
        return stored is not None and BitMap.deserialize(expected) <= BitMap.deserialize(stored)
    except ValueError:
        return False


def _damaged(segment: Segment, what: str) -> SteleError:
    numbers = f"{segment.first} to {segment.last}"
    return SteleError(5314, f"segment {segment.segment_id} (documents {numbers}): {what}")
