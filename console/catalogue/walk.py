"""Going through an index in the order of a search's answer, from where the last page ended.

Dossiers come before files; of each, those in which every word is a whole word come before those in
which one is the beginning of a longer one; then they come in the order in which they came in.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa
from pyroaring import BitMap

from appliance.contract.errors import SteleError
from console.catalogue.matching import Matches, Plan, matches
from console.catalogue.query import Kind
from console.catalogue.segments import NUMBER_MAX, Segment, in_use
from console.catalogue.stages import StateLimit

KINDS: tuple[Kind, ...] = ("dossier", "file")
_TOKEN = re.compile(r"(dossier|file)-(whole|part)-(\d{1,10})")
_BATCHES = (4, 28, 96)
"""How many segments are looked into at once: few first, as they may fill the page."""


class Cursor(NamedTuple):
    """A place in the answer: everything up to this number of this part has been given out."""

    kind: Kind
    whole: bool
    number: int

    @property
    def token(self) -> str:
        return f"{self.kind}-{'whole' if self.whole else 'part'}-{self.number}"


def cursor_of(token: str) -> Cursor:
    """The place that a page named as its end.

    Raises:
        SteleError: 5312 no page did.
    """
    found = _TOKEN.fullmatch(token)
    if not found or int(found[3]) > NUMBER_MAX:
        raise SteleError(5312, f"no page of a search ends at: {token[:80]}")
    kind: Kind = "dossier" if found[1] == "dossier" else "file"
    return Cursor(kind, found[2] == "whole", int(found[3]))


class Walk:
    """One walk through the candidates of a search."""

    def __init__(
        self, connection: sa.Connection, plans: dict[Kind, Plan], states: tuple[str, ...]
    ) -> None:
        self._connection = connection
        self._plans = plans
        self._states = states
        self.is_cut_short = False
        """It ended because going on would take too long; `reached` is where."""
        self.reached: Cursor | None = None

    def candidates(self, start: Cursor | None) -> Iterator[Cursor]:
        """Every document that may match, behind `start`."""
        for kind in KINDS:
            plan = self._plans.get(kind)
            if plan is None or (start and start.kind == "file" and kind == "dossier"):
                continue
            here = start if start and start.kind == kind else None
            yield from self._of_kind(plan, here)
            if self.is_cut_short:
                return

    def _of_kind(self, plan: Plan, start: Cursor | None) -> Iterator[Cursor]:
        rest: list[BitMap] | None = None
        after = start.number if start else 0
        if start is None or start.whole:
            rest = []
            for found in self._matches(plan, True, after):
                rest.append(found.every - found.whole)
                yield from _each(plan.kind, True, found.whole, after)
            if not plan.ranks_whole_words or self.is_cut_short:
                return
            after = 0
        if rest is None or (start and start.number):
            rest_of = (found.every - found.whole for found in self._matches(plan, False, after))
        else:
            rest_of = (documents for documents in rest)
        for documents in rest_of:
            yield from _each(plan.kind, False, documents, after)

    def _matches(self, plan: Plan, whole: bool, after: int) -> Iterator[Matches]:
        """What segments hold, as far as it lies behind a number."""
        limit = StateLimit(self._connection, plan.kind, self._states) if self._states else None
        segments = [s for s in in_use(self._connection, plan.kind) if s.last > after]
        for batch in _growing(segments):
            for segment, found in matches(self._connection, plan, batch):
                if limit is None or not found.every:
                    yield found
                    continue
                every = limit.narrowed(segment, found.every)
                yield Matches(every, found.whole & every)
                if limit.is_spent:
                    self.is_cut_short = True
                    self.reached = Cursor(plan.kind, whole, segment.last)
                    return


def _each(kind: Kind, whole: bool, documents: BitMap, after: int) -> Iterator[Cursor]:
    for number in documents.iter_equal_or_larger(after + 1):
        yield Cursor(kind, whole, number)


def _growing(segments: list[Segment]) -> Iterator[list[Segment]]:
    start = 0
    for size in _BATCHES:
        if start < len(segments):
            yield segments[start : start + size]
        start += size
    for start in range(sum(_BATCHES), len(segments), _BATCHES[-1]):
        yield segments[start : start + _BATCHES[-1]]
