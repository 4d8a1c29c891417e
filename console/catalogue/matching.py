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
from console.catalogue.query import Kind, Query
from console.catalogue.segments import Segment, postings
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
    words: tuple[tuple[Needle, ...], ...]
    """For each word what to look up in each of its places, with the place before each term."""
    values: tuple[tuple[str, ...], ...]
    """Of each group one term."""
    needs_own: bool
    """A file that matches by the names of its dossier alone is not shown beside the dossier."""

    @property
    def ranks_whole_words(self) -> bool:
        return any(needles[0].whole is not None for needles in self.words)

    def terms(self) -> Iterator[str]:
        for needles in self.words:
            for needle in needles:
                yield from needle.required
                yield from (term for term in (needle.whole, needle.beginning) if term is not None)
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
    words = tuple(
        tuple(_placed(word.needle, place) for place in _PLACES[kind][word.field])
        for word in query.words
    )
    fields = {word.field for word in query.words}
    needs_own = kind == "file" and None in fields and fields <= {None, "dossier"}
    return Plan(kind, words, tuple(values), needs_own)


def _placed(needle: Needle, place: str) -> Needle:
    required, whole, beginning = needle
    return Needle(
        tuple(place + term for term in required),
        place + whole if whole is not None else None,
        place + beginning if beginning is not None else None,
    )


def matches(
    connection: sa.Connection, plan: Plan, segments: list[Segment]
) -> Iterator[tuple[Segment, Matches]]:
    """What each of these segments has, in their order."""
    found = postings(connection, segments, plan.terms())
    for segment in segments:
        yield segment, _matches(plan, segment, _Sets(found.get(segment.segment_id, {})))


class _Sets:
    """The bitmaps of one segment, read from their bytes when they are asked for."""

    def __init__(self, found: Mapping[str, bytes]) -> None:
        self._found = found

    def of(self, term: str | None) -> BitMap:
        stored = self._found.get(term) if term is not None else None
        return BitMap.deserialize(stored) if stored else BitMap()

    def weight(self, needle: Needle) -> int:
        """About how many documents have a word: the bytes of its rarest term."""
        sizes = [len(self._found.get(term, b"")) for term in needle.required]
        if needle.whole is not None and needle.beginning is not None:
            ends = (needle.whole, needle.beginning)
            sizes.append(sum(len(self._found.get(term, b"")) for term in ends))
        return min(sizes)

    def of_word(self, needle: Needle) -> Matches:
        """Documents that have a word in one place."""
        if not self.weight(needle):
            return Matches(BitMap(), BitMap())
        common = None
        for term in sorted(needle.required, key=lambda term: len(self._found[term])):
            common = self.of(term) if common is None else common & self.of(term)
            if not common:
                return Matches(common, common)
        if needle.whole is None and common is not None:
            return Matches(common, common)
        whole = self.of(needle.whole)
        every = whole | self.of(needle.beginning)
        return Matches(every, whole) if common is None else Matches(every & common, whole & common)


def _matches(plan: Plan, segment: Segment, sets: _Sets) -> Matches:
    """Narrow down, beginning with what fewest have; stop where nothing is left."""
    every: BitMap | None = None
    for group in plan.values:
        of_group = BitMap.union(BitMap(), *map(sets.of, group))
        every = of_group if every is None else every & of_group
    whole, own = every, BitMap()
    for needles in sorted(plan.words, key=lambda each: sum(map(sets.weight, each))):
        if every is not None and not every:
            break
        parts = [sets.of_word(needle) for needle in needles]
        if plan.needs_own and len(parts) > 1:
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
