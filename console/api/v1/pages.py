"""Pages of lists that are short enough to be in memory whole."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from console.api.rest import Page, PageQuery
from console.api.rest.paging import read_cursor, write_cursor

S = TypeVar("S")
T = TypeVar("T")


def page_of_list(
    rows: Sequence[S], query: PageQuery, key: Callable[[S], Any], show: Callable[[S], T]
) -> Page[T]:
    """The page that `query` asks for; `key` is a unique text or number that the rows go up by.

    Raises:
        SteleError: 5429 `after` is not from this list.
    """
    ordered = sorted(rows, key=key)
    if query.after is not None and ordered:
        (last,) = read_cursor(query.after, (type(key(ordered[0])),))
        ordered = [row for row in ordered if key(row) > last]
    shown = ordered[: query.limit]
    more = len(ordered) > query.limit
    return Page([show(row) for row in shown], write_cursor([key(shown[-1])]) if more else None)
