"""What a request brings: JSON that fits a struct, lines of JSON, or bytes as they come.

Whatever is sent, memory stays bounded: a body that is too large is refused before it is read,
one of unknown length as soon as it turns out to be, and one that dribbles in is given up.
"""

import json
import re
from collections.abc import Iterator
from time import monotonic
from typing import IO, Any, Generic, NoReturn, TypeVar

import msgspec
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from appliance.contract.errors import SteleError
from console.api.rest.queries import plain

MAX_JSON_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 16
JSON_WITHIN_S = 60.0
"""A JSON body must be here by then, however slowly it comes."""
SILENCE_S = 30.0
"""A connection on which nothing comes for so long is given up."""
_CHUNK_BYTES = 1 << 16
# Werkzeug takes None for the application's limit, which is meant for forms.
_NO_LIMIT_BYTES = 2**63 - 1
_EXACT = 2**53
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

T = TypeVar("T")


class Incoming:
    """A body as bytes, as large as the caller makes it: whoever reads it sets the bounds."""

    def __init__(self, stream: IO[bytes], size_bytes: int | None) -> None:
        self._stream = stream
        self.size_bytes = size_bytes
        """What the caller says that it is; None when it comes in chunks."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end.

        Raises:
            SteleError: 5428 the rest did not come.
        """
        try:
            return self._stream.read(size)
        except RequestEntityTooLarge:
            raise
        except (ClientDisconnected, OSError, ValueError) as error:
            raise SteleError(5428, "the rest of the body did not come", str(error)) from error

    def chunks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """All of it in pieces."""
        while chunk := self.read(size):
            yield chunk


class Lines(Generic[T]):
    """A body of many JSON objects, one a line (application/x-ndjson), decoded as they come."""

    def __init__(self, incoming: Incoming, kind: type[T]) -> None:
        self._incoming = incoming
        self._decoder = msgspec.json.Decoder(kind)

    def __iter__(self) -> Iterator[T]:
        """One object after the other.

        Raises:
            SteleError: 5420, 5421 a line, by its number; 5422 a line is too long; 5428.
        """
        for number, line in enumerate(self._lines(), 1):
            if line.strip():
                yield decode_json(line, self._decoder, f"line {number}")

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._incoming.chunks(_CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > MAX_LINE_BYTES:
                raise SteleError(5422, f"a line is larger than {MAX_LINE_BYTES:,} bytes")
        yield rest


def incoming(request: Request, largest: int | None) -> Incoming:
    """The body as bytes.

    Raises:
        SteleError: 5422 it says that it is too large; 5427 it is packed.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SteleError(5423, "a packed body is not taken: send it without Content-Encoding")
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(SILENCE_S)
    limit = _NO_LIMIT_BYTES if largest is None else largest
    if (request.content_length or 0) > limit:
        _too_large(limit)
    request.max_content_length = limit
    return Incoming(request.stream, request.content_length)


def read_json(request: Request, decoder: "msgspec.json.Decoder[Any]", largest: int) -> Any:
    """The body as the struct that `decoder` makes; an absent body is an empty object.

    Raises:
        SteleError: 5420 it is no JSON; 5421 it does not fit; 5422 too large; 5423 another type;
            5428 it did not come in time.
    """
    body = incoming(request, largest)
    raw = bytearray()
    end = monotonic() + JSON_WITHIN_S
    try:
        while chunk := body.read(min(_CHUNK_BYTES, largest + 1 - len(raw))):
            raw += chunk
            if len(raw) > largest:
                _too_large(largest)
            if monotonic() > end:
                raise SteleError(5428, f"the body did not come within {JSON_WITHIN_S:g} s")
    except RequestEntityTooLarge:
        _too_large(largest)
    if body.size_bytes is not None and len(raw) < body.size_bytes:
        raise SteleError(5428, f"the body ended after {len(raw)} of {body.size_bytes} bytes")
    if raw or request.mimetype:
        expect_type(request, "application/json")
    return decode_json(bytes(raw) or b"{}", decoder, "body")


def expect_type(request: Request, *types: str) -> None:
    """Pass if the body is said to be of one of the types.

    Raises:
        SteleError: 5423.
    """
    if request.mimetype not in types:
        sent = request.mimetype or "nothing"
        raise SteleError(5423, f"the body must be {' or '.join(types)}; its type says {sent}")


def decode_json(raw: bytes, decoder: "msgspec.json.Decoder[T]", what: str) -> T:
    """JSON as a struct. A key that stands twice and NUL characters are refused.

    Raises:
        SteleError: 5420 it is no JSON; 5421 it does not fit.
    """
    try:
        found = _decode(raw, decoder)
        if _NUL.search(raw):
            raise SteleError(5420, f"the {what} carries a NUL character")
        json.loads(raw, object_pairs_hook=_once)
    except msgspec.ValidationError as error:
        raise SteleError(5421, f"in the {what}: {plain(error)}") from error
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise SteleError(5420, f"the {what} is not JSON: {str(error)[:200]}") from error
    return found


def _decode(raw: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """JSON as a struct. A whole number may be written 4.0, which is the same number in JSON."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        if "got `float`" not in str(error):
            raise
        return msgspec.convert(json.loads(raw, parse_float=_number), decoder.type)


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:100]!r} stands there twice")


def _too_large(largest: int) -> NoReturn:
    raise SteleError(5422, f"the body is larger than {largest:,} bytes")
