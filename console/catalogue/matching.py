"""Which documents of a segment a query may mean: set operations on the bitmaps of its terms.

What comes out holds every document that matches and a few that do not: `agreement` looks at texts.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from pyroaring import BitMap

from console.catalogue.documents import (
    DESCRIPTION,
    DOSSIER,
    OWN,
    TITLE,
    value_term,
    years_between,
)
from console.catalogue.query import Kind, Query, Word
from console.catalogue.segments import Segment, encode, postings
from console.catalogue.terms import Needle

_PLACES: dict[Kind, dict[str | None, tuple[str, ...]]] = {
    "dossier": {
        None: (OWN,),
        "title": (TITLE,),
        "dossier": (TITLE,),
        "description": (DESCRIPTION,),
    },
    "file": {
        None: (OWN, DOSSIER),
        "title": (TITLE,),
        "name": (OWN,),
        "path": (OWN,),
        "description": (DESCRIPTION,),
        "dossier": (DOSSIER,),
    },
}
"""In which places of a kind of document a word of each field may stand."""


class Matches(NamedTuple):
    """Documents that have every word; `whole` are those in which each word is a whole one."""

    every: BitMap
    whole: BitMap


class Plan(NamedTuple):
    """What to look up for one kind of document."""

    kind: Kind
    words: tuple[tuple[Word, tuple[str, ...]], ...]
    """Each with its places."""
    values: tuple[tuple[str, ...], ...]
    """Of each group one term."""
    needs_own: bool
    """A file that matches by the names of its dossier alone is not shown beside the dossier."""

    @property
    def ranks_whole_words(self) -> bool:
        return any(word.needle.whole is not None for word, _ in self.words)

    def terms(self) -> Iterator[str]:
        for word, places in self.words:
            needle = word.needle
            ends = (needle.whole, needle.beginning) if needle.whole and needle.beginning else ()
            for place in places:
                yield from (place + term for term in (*needle.required, *ends))
        for group in self.values:
            yield from group


def plan(query: Query, kind: Kind, namespaces: tuple[str, ...] | None) -> Plan | None:
    """How to find documents of a kind; None when none can match.

    `namespaces` in their search form: no other is looked into.
    """
    if kind not in query.kinds or any(word.field not in _PLACES[kind] for word in query.words):
        return None
    values = [
        tuple(value_term(field, value) for value in wanted)
        for field, wanted in query.values.items()
    ]
    if query.years:
        values.append(tuple(years_between(*query.years)))
    if namespaces is not None:
        values.append(tuple(value_term("namespace", name) for name in namespaces))
    words = tuple((word, _PLACES[kind][word.field]) for word in query.words)
    fields = {word.field for word in query.words}
    needs_own = kind == "file" and None in fields and fields <= {None, "dossier"}
    return Plan(kind, words, tuple(values), needs_own)


def matches(
    connection: sa.Connection, plan: Plan, segments: list[Segment]
) -> Iterator[tuple[Segment, Matches]]:
    """What each of these segments has, in their order."""
    found = postings(connection, segments, plan.terms())
    for segment in segments:
        sets = _Sets(segment.segment_id, found)
        limits = [
            BitMap.union(*map(sets.of, group)) if group else BitMap() for group in plan.values
        ]
        yield segment, _matches(plan, segment, sets, limits)


class _Sets:
    """The bitmaps of one segment, read from their bytes when they are asked for."""

    def __init__(self, segment_id: int, found: Mapping[tuple[int, bytes], bytes]) -> None:
        self._segment_id = segment_id
        self._found = found

    def of(self, term: str) -> BitMap:
        stored = self._found.get((self._segment_id, encode(term)))
        return BitMap.deserialize(stored) if stored else BitMap()

    def has(self, needle: Needle, place: str) -> bool:
        return all((self._segment_id, encode(place + t)) in self._found for t in needle.required)

    def of_word(self, needle: Needle, place: str) -> Matches:
        """Documents that have a word in one place."""
        if not self.has(needle, place):
            return Matches(BitMap(), BitMap())
        if needle.whole is None or needle.beginning is None:
            every = BitMap.intersection(*(self.of(place + term) for term in needle.required))
            return Matches(every, every)
        whole = self.of(place + needle.whole)
        every = whole | self.of(place + needle.beginning)
        if needle.required:
            common = BitMap.intersection(*(self.of(place + term) for term in needle.required))
            return Matches(every & common, whole & common)
        return Matches(every, whole)


def _matches(plan: Plan, segment: Segment, sets: _Sets, limits: list[BitMap]) -> Matches:
    """Narrow down word by word; stop where nothing is left."""
    nothing = Matches(BitMap(), BitMap())
    every = BitMap.intersection(*limits) if limits else None
    whole, own = every, BitMap()
    for word, places in plan.words:
        if every is not None and not every:
            return nothing
        parts = [sets.of_word(word.needle, place) for place in places]
        if plan.needs_own and places[0] == OWN:
            own |= parts[0].every
        any_every = BitMap.union(*(part.every for part in parts))
        any_whole = BitMap.union(*(part.whole for part in parts))
        every = any_every if every is None else every & any_every
        whole = any_whole if whole is None else whole & any_whole
    if every is None or whole is None:
        return Matches(all_of(segment), all_of(segment))
    return Matches(every & own, whole & own) if plan.needs_own else Matches(every, whole)


def all_of(segment: Segment) -> BitMap:
    """Every number that a segment covers: some of them are no document of its kind."""
    return BitMap(range(segment.first, segment.last + 1))
