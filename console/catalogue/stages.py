"""Choosing documents by the state of their dossier, which changes too often to be in the index."""

import sqlalchemy as sa
from pyroaring import BitMap

from console.catalogue.query import Kind
from console.catalogue.segments import Segment
from console.store.schema import packages, search_spans

_FEW_DOSSIERS = 2_000
_SEGMENTS_MAX = 6
"""Asking for the states in one segment takes some milliseconds."""


class StateLimit:
    """The documents whose dossier is in one of some states, segment by segment."""

    def __init__(self, connection: sa.Connection, kind: Kind, states: tuple[str, ...]) -> None:
        self._connection = connection
        self._kind = kind
        self._in_state = packages.c.state.in_(states)
        self._asked = 0
        few = sa.select(packages.c.package_id).where(self._in_state).limit(_FEW_DOSSIERS + 1)
        found = connection.execute(few).all()
        self._all = self._numbers([]) if len(found) <= _FEW_DOSSIERS else None

    @property
    def is_spent(self) -> bool:
        """Whether a search has asked often enough, and the next page should go on."""
        return self._all is None and self._asked >= _SEGMENTS_MAX

    def of(self, segment: Segment) -> BitMap:
        """Those of one segment, and maybe others outside it."""
        if self._all is not None:
            return self._all
        self._asked += 1
        number = packages.c.number if self._kind == "dossier" else search_spans.c.first
        return self._numbers([number.between(segment.first, segment.last)])

    def _numbers(self, where: list[sa.ColumnElement[bool]]) -> BitMap:
        found = BitMap()
        if self._kind == "dossier":
            query = sa.select(packages.c.number).where(self._in_state, *where)
            found.update(
                n for n in self._connection.scalars(query.where(packages.c.number.is_not(None)))
            )
            return found
        spans = (
            sa.select(search_spans.c.first, search_spans.c.last)
            .join_from(search_spans, packages)
            .where(self._in_state, *where)
        )
        for first, last in self._connection.execute(spans):
            found.add_range(first, last + 1)
        return found
