"""Keeping the index right: what is new gets a number and a segment; small segments become large.

Whoever writes `files` or `packages` either leaves `number` unset (`catch_up` finds it, and so does
every ingest) or calls, last in the same transaction, what stands here. Nothing is searched by half:
a number and its terms are committed together.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.catalogue.documents import dossiers_by_id, read_dossiers, read_files
from console.catalogue.gathering import Gathering, Span, add_dossiers, gather_dossiers, gather_files
from console.catalogue.query import Kind
from console.catalogue.segments import Segment, allot, forget_replaced, in_use, replace
from console.store.engine import reading
from console.store.schema import files, packages, search_segments, search_spans

SEGMENT_DOCUMENTS = 1 << 17
"""A segment grows no larger: making one again takes about two seconds and 250 MB."""

_SMALL, _MIDDLE = SEGMENT_DOCUMENTS >> 4, SEGMENT_DOCUMENTS >> 1
_TOGETHER = 12
_CATCH_UP_DOCUMENTS = 1 << 13
_KEEP_REPLACED = timedelta(minutes=5)
"""Longer than any search that may have begun with a segment since replaced."""

_NUMBERED: dict[Kind, tuple[sa.Table, str]] = {
    "dossier": (packages, "package_id"),
    "file": (files, "file_id"),
}


class Standing(Struct, frozen=True):
    """How far the index is: documents that can be found, and such that wait to be taken in."""

    dossiers: int
    files: int
    waiting: int
    segments: int


def index_files(connection: sa.Connection, numbers: range) -> None:
    """Take in files that were stored with these numbers, which `allot` gave in this transaction."""
    _index(connection, "file", numbers.start, numbers.stop - 1)


def index_new(connection: sa.Connection, kind: Kind, limit: int = _CATCH_UP_DOCUMENTS) -> int:
    """Number and take in documents that have no number; returns how many. Holds the counter."""
    table, key = _NUMBERED[kind]
    unnumbered = sa.select(table.c[key]).where(table.c.number.is_(None))
    if connection.scalar(unnumbered.limit(1)) is None:
        return 0
    allot(connection, 0)  # Nobody else numbers the same ones.
    # One that another transaction is changing is left to it: it may be waiting for the counter.
    free = unnumbered.order_by(table.c[key]).limit(limit).with_for_update(skip_locked=True)
    ids = list(connection.scalars(free))
    if not ids:
        return 0
    numbers = allot(connection, len(ids))
    update = table.update().where(table.c[key] == sa.bindparam("found"))
    connection.execute(
        update.values(number=sa.bindparam("given")),
        [{"found": found, "given": given} for found, given in zip(ids, numbers, strict=True)],
    )
    _index(connection, kind, numbers.start, numbers.stop - 1)
    return len(ids)


def forget(connection: sa.Connection, package_id: str) -> None:
    """A dossier's names, description or values have changed: it and its files are taken in anew.

    They are not found until `catch_up` has run.
    """
    for table in (packages, files):
        ours = table.c.package_id == package_id
        connection.execute(table.update().where(ours).values(number=None))


def forget_file(connection: sa.Connection, file_id: str) -> None:
    """A file's title or description has changed: likewise."""
    connection.execute(files.update().where(files.c.file_id == file_id).values(number=None))


def catch_up(store: sa.Engine) -> int:
    """Take in all that has no number yet, some at a time; then tidy. Returns how many there were.

    May be killed at any moment and run by several processes at once.
    """
    total = 0
    while count := index_next(store):
        total += count
    tidy(store)
    return total


def index_next(store: sa.Engine) -> int:
    """Take in some of what has no number yet; returns how many, 0 when there is none left."""
    for kind, (table, _) in _NUMBERED.items():
        with reading(store).connect() as connection:
            waiting = sa.select(table.c.number).where(table.c.number.is_(None)).limit(1)
            if connection.execute(waiting).first() is None:
                continue
        with store.begin() as connection:
            if count := index_new(connection, kind):
                return count
    return 0


def tidy(store: sa.Engine) -> int:
    """Make one segment of many small ones, until there are few; returns how many were made.

    Each is a transaction of its own, which holds the counter for about two seconds at most.
    """
    made = 0
    for kind in _NUMBERED:
        while True:
            with reading(store).connect() as connection:
                if not _small_ones(in_use(connection, kind)):
                    break
            with store.begin() as connection:
                allot(connection, 0)  # Nobody else does the same.
                run = _small_ones(in_use(connection, kind))
                if run:
                    _index(connection, kind, run[0].first, run[-1].last)
                    made += 1
    if made:
        with store.begin() as connection:
            forget_replaced(connection, datetime.now(UTC) - _KEEP_REPLACED)
    return made


def _small_ones(segments: list[Segment]) -> list[Segment]:
    """The newest segments that are small enough, and many enough, to become one."""
    middle, is_full = _newest(segments, _MIDDLE)
    if is_full and len(middle) > 1:
        return middle
    small, _ = _newest(segments, _SMALL)
    worth = sum(segment.documents * 16 >= _SMALL for segment in small)
    return small if worth >= _TOGETHER or len(small) >= _TOGETHER * 5 else []


def _newest(segments: list[Segment], below: int) -> tuple[list[Segment], bool]:
    """The newest segments of fewer documents than that, and whether one more were too many."""
    run: list[Segment] = []
    documents = 0
    for segment in reversed(segments):
        documents += segment.documents
        if segment.documents >= below or documents > SEGMENT_DOCUMENTS:
            break
        run.append(segment)
    return run[::-1], documents > SEGMENT_DOCUMENTS


def rebuild(store: sa.Engine) -> int:
    """Make the whole index anew from the documents, one segment after the other.

    Searches go on meanwhile, in the old segments and the new. Returns how many segments there are.
    """
    catch_up(store)
    made = 0
    for kind in _NUMBERED:
        after = 0
        while True:
            with store.begin() as connection:
                allot(connection, 0)
                numbers = _following(connection, kind, after)
                if numbers is None:
                    break
                _index(connection, kind, *numbers)
            after, made = numbers[1], made + 1
    with store.begin() as connection:
        forget_replaced(connection, datetime.now(UTC) - _KEEP_REPLACED)
    return made


def _following(connection: sa.Connection, kind: Kind, after: int) -> tuple[int, int] | None:
    """First and last of as many numbers as a segment takes, beginning where the last one ended."""
    table, _ = _NUMBERED[kind]
    beyond = sa.select(table.c.number).where(table.c.number > after)
    full = beyond.order_by(table.c.number).offset(SEGMENT_DOCUMENTS - 1).limit(1)
    last = connection.scalar(full) or connection.scalar(
        sa.select(sa.func.max(table.c.number)).where(table.c.number > after)
    )
    if last is None:
        return None
    # A segment that begins here and reaches further would be left beside the new one.
    s = search_segments.c
    reaching = sa.select(sa.func.max(s.last)).where(
        s.kind == kind, s.replaced_at.is_(None), s.first <= last
    )
    return after + 1, max(last, connection.scalar(reaching) or 0)


def standing(connection: sa.Connection) -> Standing:
    """How far the index is; counts segments, not documents, so it is quick."""
    s = search_segments.c
    sums: dict[str, Any] = {}
    query = sa.select(s.kind, sa.func.sum(s.documents), sa.func.count()).where(
        s.replaced_at.is_(None)
    )
    for kind, documents, segments in connection.execute(query.group_by(s.kind)):
        sums[kind] = (int(documents), segments)
    waiting = sum(
        connection.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.number.is_(None))
        )
        or 0
        for table, _ in _NUMBERED.values()
    )
    dossiers, found = sums.get("dossier", (0, 0)), sums.get("file", (0, 0))
    return Standing(dossiers[0], found[0], waiting, dossiers[1] + found[1])


def gather(
    connection: sa.Connection, kind: Kind, first: int, last: int
) -> tuple[Gathering, list[Span], int]:
    """The terms of all documents between two numbers, both included; how many these are."""
    if kind == "dossier":
        gathering, count = gather_dossiers(read_dossiers(connection, first, last))
        return gathering, [], count
    gathering, spans, count = gather_files(read_files(connection, first, last))
    dossiers = dossiers_by_id(connection, list({span[2] for span in spans}))
    add_dossiers(gathering, spans, dossiers)
    return gathering, spans, count


def _index(connection: sa.Connection, kind: Kind, first: int, last: int) -> None:
    """Make one segment of all documents between two numbers, both included."""
    gathering, spans, count = gather(connection, kind, first, last)
    if kind == "file":
        s = search_spans.c
        connection.execute(search_spans.delete().where(s.first.between(first, last)))
        if spans:
            names = ("first", "last", "package_id")
            rows = [dict(zip(names, span, strict=True)) for span in spans]
            connection.execute(search_spans.insert(), rows)
    replace(connection, kind, (first, last), count, gathering.postings())
