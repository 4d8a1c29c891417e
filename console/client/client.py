"""Requests to a console: typed answers, numbered errors, patience with connections."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from appliance.contract.errors import SteleError
from console.client.transport import Answer, Content, LostError, Transport, read_whole

PREFIX = "/api/v1"
PATIENCE_S = 20.0
"""For so long a console that is away is asked again."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 4.0
_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
_BUSY = (429, 503)
_JSON, _NDJSON = "application/json", "application/x-ndjson"
_LINE_MAX = 1 << 26

T = TypeVar("T")


class Client:
    """One console. `is_local` when it shares this machine and its data folder with the caller."""

    def __init__(
        self,
        transport: Transport,
        headers: Mapping[str, str],
        where: str,
        *,
        is_local: bool,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._transport = transport
        self._headers = dict(headers)
        self._patience_s = patience_s
        self.where = where
        self.is_local = is_local

    def ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        repeatable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Send `body` as JSON and give the answer as `kind`.

        `repeatable`: doing it twice is as good as once, so that it is asked again when the
        connection broke in between.

        Raises:
            SteleError: what the console says; 5415 it cannot be reached; 5416 it is none.
        """
        content = None if body is None else msgspec.json.encode(body)
        media = _JSON if body is not None else None
        asked = _Asked(method, path, query, content, media, headers or {}, repeatable)
        return self._decoded(asked, kind)

    def send(
        self,
        method: str,
        path: str,
        kind: type[T],
        content: Content,
        media: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> T:
        """Send bytes, streamed if they come in pieces; else as `ask`."""
        asked = _Asked(method, path, query, content, media, headers or {}, repeatable)
        return self._decoded(asked, kind)

    def send_lines(self, path: str, kind: type[T], rows: Iterable[object]) -> T:
        """Send structs as lines of JSON; what takes them may be asked twice."""
        content = msgspec.json.Encoder().encode_lines(list(rows))
        asked = _Asked("POST", path, None, content, _NDJSON, harmless=True)
        return self._decoded(asked, kind)

    def pages(
        self, path: str, kind: type[T], query: Mapping[str, Any] | None = None
    ) -> Iterator[T]:
        """Every item of a list, page after page; for SteleError see `ask`."""
        after = None
        while True:
            asked = {"limit": 1000, **(query or {}), **({"after": after} if after else {})}
            found = self.ask("GET", path, dict[str, Any], query=asked)
            yield from _converted(found.get("items"), kind)
            after = found.get("next")
            if not after:
                return

    def lines(self, method: str, path: str, kind: type[T], body: object) -> Iterator[T]:
        """An answer of many structs, as they come; not asked again. For SteleError see `ask`."""
        decoder = msgspec.json.Decoder(kind)
        with self.open(method, path, content=msgspec.json.encode(body), media=_JSON) as answer:
            rest = b""
            for chunk in answer.chunks():
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LINE_MAX:
                    raise _no_console(self.where, "a line without an end")
                for line in whole:
                    try:
                        yield decoder.decode(line)
                    except msgspec.MsgspecError as error:
                        raise _no_console(self.where, str(error)) from error

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Content = None,
        media: str | None = None,
    ) -> Iterator[Answer]:
        """A good answer whose body is read by the caller; for SteleError see `ask`."""
        answer = self._answer(_Asked(method, path, query, content, media, headers or {}))
        try:
            yield answer
        finally:
            answer.close()

    def close(self) -> None:
        self._transport.close()

    def _decoded(self, asked: "_Asked", kind: type[T]) -> T:
        found = read_whole(self._answer(asked, whole=True))
        if kind is type(None):
            return None
        try:
            return msgspec.json.decode(found.body, type=kind)
        except msgspec.MsgspecError as error:
            raise _no_console(self.where, str(error)) from error

    def _answer(self, asked: "_Asked", *, whole: bool = False) -> Answer:
        pause_s, end = _FIRST_PAUSE_S, time.monotonic() + self._patience_s
        while True:
            wait_s = pause_s
            try:
                answer = self._once(asked, whole=whole)
            except LostError as error:
                lost: SteleError = error
                again = asked.is_repeatable or (asked.is_whole and not error.was_sent)
            else:
                if answer.status < 400:
                    return answer
                lost = _failure(answer, self.where)
                again = answer.status in _BUSY and asked.is_whole
                wait_s = max(pause_s, _seconds(answer.headers.get("Retry-After")))
            if not again or time.monotonic() + wait_s > end:
                raise lost
            time.sleep(wait_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _once(self, asked: "_Asked", *, whole: bool) -> Answer:
        headers = {**self._headers, **asked.headers}
        if asked.media is not None:
            headers["Content-Type"] = asked.media
        answer = self._transport.send(asked.method, asked.target, headers, asked.content)
        return _Read(answer) if whole and answer.status < 400 else answer


@dataclass(frozen=True)
class _Asked:
    method: str
    path: str
    query: Mapping[str, Any] | None = None
    content: Content = None
    media: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    harmless: bool = False
    """Doing it twice is as good as once."""

    @property
    def target(self) -> str:
        return PREFIX + self.path + (f"?{urlencode(self.query, doseq=True)}" if self.query else "")

    @property
    def is_whole(self) -> bool:
        """Whether the body is still there for another attempt."""
        return self.content is None or isinstance(self.content, bytes)

    @property
    def is_repeatable(self) -> bool:
        return self.is_whole and (self.harmless or self.method in _REPEATABLE)


class _Read:
    """An answer that was read whole, so that a connection that breaks in it is noticed in time."""

    def __init__(self, answer: Answer) -> None:
        found = read_whole(answer)
        self.status, self.headers, self._body = found.status, found.headers, found.body

    def chunks(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        pass


class _Failure(msgspec.Struct):
    code: int
    message: str
    detail: str = ""


def key(text: str) -> str:
    """An id or a name as a part of a path."""
    return quote(text, safe="")


def _failure(answer: Answer, where: str) -> SteleError:
    status = answer.status
    found = read_whole(answer)
    try:
        told = msgspec.json.decode(found.body, type=_Failure)
    except msgspec.MsgspecError:
        return _no_console(where, f"it answered with status {status}")
    return SteleError(told.code, told.message, told.detail)


def _no_console(where: str, why: str) -> SteleError:
    return SteleError(5416, f"{where} does not speak as a console does: {why[:200]}")


def _converted(found: object, kind: type[T]) -> list[T]:
    if not isinstance(found, list):
        raise SteleError(5416, "the list has no items")
    try:
        return [msgspec.convert(one, kind) for one in found]
    except msgspec.ValidationError as error:
        raise SteleError(5416, f"the list has another form: {error}") from error


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 0.0
