"""What a function may answer besides a struct: bytes, parts of a file, many lines."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from flask import Request, Response

from appliance.contract.errors import SteleError

NDJSON = "application/x-ndjson"
_LINES_AT_ONCE = 500

T = TypeVar("T")


@dataclass(frozen=True)
class Stream:
    """Bytes of which the end may not be known yet. `name` makes it a download."""

    chunks: Iterable[bytes]
    size_bytes: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Ranged:
    """Bytes of known size of which any part may be asked for, so that downloads resume.

    `read(start, end)` gives them from `start` up to before `end`; `etag` changes with the bytes.
    """

    size_bytes: int
    read: Callable[[int, int], Iterable[bytes]]
    etag: str
    name: str | None = None


@dataclass(frozen=True)
class Rows(Generic[T]):
    """Structs as lines of JSON, made while they are sent."""

    rows: Iterable[T]


def render(result: Any, request: Request, media_type: str, status: int) -> Response:
    """The answer to a request for what its function gave.

    Raises:
        SteleError: 5427 a part was asked for that is not there.
    """
    if result is None:
        return Response(status=status)
    if isinstance(result, Stream):
        return _stream(result, media_type, status)
    if isinstance(result, Ranged):
        return _ranged(result, request, media_type)
    if isinstance(result, Rows):
        return Response(_lines(result.rows), status, mimetype=NDJSON)
    return Response(msgspec.json.encode(result), status, mimetype="application/json")


def _stream(result: Stream, media_type: str, status: int) -> Response:
    answer = Response(result.chunks, status, mimetype=media_type)
    if result.size_bytes is not None:
        answer.content_length = result.size_bytes
    return _named(answer, result.name)


def _ranged(result: Ranged, request: Request, media_type: str) -> Response:
    answer = Response(mimetype=media_type, headers={"Accept-Ranges": "bytes"})
    answer.set_etag(result.etag)
    if request.if_none_match.contains(result.etag):
        answer.status_code = 304
        return answer
    start, end = 0, result.size_bytes
    asked = request.range
    unchanged = request.if_range.etag in (None, result.etag) and request.if_range.date is None
    if request.headers.get("If-Range", "").startswith("W/"):
        unchanged = False  # RFC 9110, 13.1.5: only a strong tag tells that bytes are the same
    if asked is not None and asked.units == "bytes" and len(asked.ranges) == 1 and unchanged:
        found = asked.range_for_length(result.size_bytes)
        if found is None and asked.ranges[0][0] < -result.size_bytes < 0:
            found = (0, result.size_bytes)  # RFC 9110, 14.1.2: a longer suffix is all of it
        if found is None:
            raise SteleError(5427, f"there are {result.size_bytes} bytes, none in that range")
        start, end = found
        answer.status_code = 206
        answer.content_range.set(start, end, result.size_bytes)
    answer.content_length = end - start
    if request.method == "GET":
        answer.response = result.read(start, end)
    return _named(answer, result.name)


def _named(answer: Response, name: str | None) -> Response:
    """Offer it as a file. Only the name travels, and it is text, so nothing can be smuggled."""
    if name is not None:
        shown = quote(name.replace("/", "_"), safe="")
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{shown}"
    return answer


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    some: list[Any] = []
    for row in rows:
        some.append(row)
        if len(some) >= _LINES_AT_ONCE:
            yield encoder.encode_lines(some)
            some.clear()
    if some:
        yield encoder.encode_lines(some)
