"""Lists in pages: by the last row's keys, so that no page costs more than the first.

`next` of one page is `after` of the following one. Rows that come or go in between are neither
skipped nor repeated, as they would be with offsets.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError

LARGEST_PAGE = 1000
_BIGGEST = 2**63 - 1

T = TypeVar("T")


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`limit` and `after`; queries with filters of their own inherit from this."""

    limit: Annotated[int, Meta(ge=1, le=LARGEST_PAGE, description="Rows at most.")] = 100
    after: (
        Annotated[str, Meta(max_length=2048, description="`next` of the page before.")] | None
    ) = None


class Page(Struct, Generic[T], frozen=True):
    """A part of a list. `next` is null on the last page."""

    items: list[T]
    next: str | None = None


class Order(NamedTuple):
    """A key that the list is ordered by. Keys must not be null, and together be unique."""

    column: sa.ColumnElement[Any]
    descending: bool = False


def page_of(
    connection: sa.Connection,
    rows: sa.Select[Any],
    by: Sequence[Order],
    query: PageQuery,
    show: Callable[[Any], T],
) -> Page[T]:
    """The page of `rows` that `query` asks for; `show` makes an item of a row.

    Raises:
        SteleError: 5429 `after` is not from this list.
    """
    keys = [order.column.label(f"page_key_{number}") for number, order in enumerate(by)]
    asked = rows.add_columns(*keys)
    if query.after is not None:
        asked = asked.where(_behind(by, read_cursor(query.after, _types(by))))
    asked = asked.order_by(*(o.column.desc() if o.descending else o.column.asc() for o in by))
    found = connection.execute(asked.limit(query.limit + 1)).all()
    shown = found[: query.limit]
    more = len(found) > query.limit
    return Page(
        [show(row) for row in shown],
        write_cursor(shown[-1][-len(by) :]) if more else None,
    )


def _behind(by: Sequence[Order], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows that come after these keys, spelled out because directions may differ."""
    ways = []
    for depth, order in enumerate(by):
        same = [by[n].column == values[n] for n in range(depth)]
        here = order.column < values[depth] if order.descending else order.column > values[depth]
        ways.append(sa.and_(*same, here))
    # Says nothing new, but lets an index of the first key skip the pages before.
    first = by[0].column <= values[0] if by[0].descending else by[0].column >= values[0]
    return sa.and_(first, sa.or_(*ways))


def _types(by: Sequence[Order]) -> tuple[type, ...]:
    """What the keys are in Python; a type of our own says it through the one that it is made of."""
    kinds = (order.column.type for order in by)
    return tuple(
        (kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind).python_type
        for kind in kinds
    )


def write_cursor(values: Sequence[Any]) -> str:
    """An opaque text that stands for a place in a list."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(values))).decode().rstrip("=")


def read_cursor(text: str, types: Sequence[Any]) -> list[Any]:
    """The keys in a cursor.

    Raises:
        SteleError: 5429 it is none of ours, or of another list.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        values = msgspec.json.decode(raw, type=tuple[tuple(types)])  # type: ignore[misc]
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise SteleError(5429, "`after` is not the `next` of this list") from error
    if not all(_can_be_asked(value) for value in values):
        raise SteleError(5429, "`after` is not the `next` of this list")
    return list(values)


def _can_be_asked(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= _BIGGEST
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return not (isinstance(value, str) and "\0" in value)
