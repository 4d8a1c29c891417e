"""Choosing documents by the state of their dossier, which changes too often to be in the index."""

import sqlalchemy as sa
from pyroaring import BitMap

from console.catalogue.query import Kind
from console.catalogue.segments import Segment
from console.store.schema import packages, search_spans
from console.store.states import PackageState

_FEW_DOSSIERS = 2_000
_SEGMENTS_MAX = 6
"""Asking for the states in one segment takes some milliseconds."""


class StateLimit:
    """The documents whose dossier is in one of some states.

    Where few dossiers are in them, or few are not, these are known beforehand; else each segment
    is asked for, and a search asks for so many at most.
    """

    def __init__(self, connection: sa.Connection, kind: Kind, states: tuple[str, ...]) -> None:
        self._connection = connection
        self._kind = kind
        self._states = states
        self._asked = 0
        others = tuple(state for state in PackageState if state not in states)
        self._inside = self._all_in(states)
        self._outside = self._all_in(others) if self._inside is None else None

    @property
    def is_spent(self) -> bool:
        """Whether a search has asked often enough, and the next page should go on."""
        return self._asked >= _SEGMENTS_MAX

    def narrowed(self, segment: Segment, documents: BitMap) -> BitMap:
        """Those of a segment's documents that are in one of the states."""
        if self._inside is not None:
            return documents & self._inside
        if self._outside is not None:
            return documents - self._outside
        self._asked += 1
        return documents & self._numbers(self._states, segment)

    def _all_in(self, states: tuple[str, ...]) -> BitMap | None:
        few = sa.select(sa.literal(1)).where(packages.c.state.in_(states)).limit(_FEW_DOSSIERS + 1)
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(few.subquery()))
        return self._numbers(states) if (count or 0) <= _FEW_DOSSIERS else None

    def _numbers(self, states: tuple[str, ...], segment: Segment | None = None) -> BitMap:
        if self._kind == "dossier":
            first = packages.c.number
            query = sa.select(first).where(first.is_not(None))
        else:
            first = search_spans.c.first
            query = sa.select(first, search_spans.c.last).join_from(search_spans, packages)
        query = query.where(packages.c.state.in_(states))
        if segment is not None:
            query = query.where(first.between(segment.first, segment.last))
        rows = self._connection.execute(query).all()
        if self._kind == "dossier":
            return BitMap([row[0] for row in rows])
        found = BitMap()
        for begin, end in rows:
            found.add_range(begin, end + 1)
        return found
