"""How a resource is declared: a typed function is the whole declaration.

Of its signature are taken: parameters named in the path; `query` (a struct); `body` (a struct,
`Lines[Struct]` or `Incoming`); and the answer (a struct, `Page[Struct]`, `Rows[Struct]`, `Stream`,
`Ranged`, or None for 204). Its docstring is the description.
"""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from appliance.contract.errors import table
from console.access.scopes import Scope
from console.api.rest.answers import NDJSON, Ranged, Rows, Stream
from console.api.rest.bodies import MAX_JSON_BYTES, Incoming, Lines

F = TypeVar("F", bound=Callable[..., Any])

_BYTES = "application/octet-stream"
_JSON = "application/json"


class BodyKind(StrEnum):
    NONE = "none"
    JSON = "json"
    LINES = "lines"
    BYTES = "bytes"


@dataclass(frozen=True)
class Endpoint:
    """One method of one path."""

    resource: str
    method: str
    path: str
    scopes: tuple[Scope, ...]
    """One of these is needed; none at all means that anybody may."""
    namespaced: bool
    """The function itself keeps a token to its namespaces; else such tokens are refused."""
    function: Callable[..., Any]
    path_types: Mapping[str, Any]
    query_type: Any
    body_kind: BodyKind
    body_type: Any
    body_media: str
    also_media: tuple[str, ...]
    """Types of a body of bytes that are taken too."""
    max_body_bytes: int | None
    answer_type: Any
    answer_media: str
    status: int
    also: Mapping[int, str]
    """Other good statuses, and when they come."""
    answer_headers: Mapping[str, str]
    errors: tuple[int, ...]

    @property
    def name(self) -> str:
        """Unique among all endpoints; OpenAPI's operationId."""
        return self.function.__name__

    @property
    def documentation(self) -> str:
        return inspect.cleandoc(self.function.__doc__ or "")


@dataclass(frozen=True)
class Resource:
    """Endpoints about one subject. `title` says in a sentence what the subject is."""

    name: str
    title: str
    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a GET; the options are those of `endpoint`."""
        return self.endpoint("GET", path, **options)

    def head(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a HEAD of its own; every GET answers HEAD without."""
        return self.endpoint("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[F], F]:
        return self.endpoint("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[F], F]:
        return self.endpoint("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[F], F]:
        return self.endpoint("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[F], F]:
        return self.endpoint("DELETE", path, **options)

    def endpoint(
        self,
        method: str,
        path: str,
        *,
        scope: Scope | tuple[Scope, ...],
        errors: tuple[int, ...] = (),
        namespaced: bool = False,
        status: int | None = None,
        also: Mapping[int, str] | None = None,
        media: str = _BYTES,
        body_media: str = _BYTES,
        also_media: tuple[str, ...] = (),
        max_body_bytes: int | None = MAX_JSON_BYTES,
        answer_headers: Mapping[str, str] | None = None,
    ) -> Callable[[F], F]:
        """Declare one method of a path below /api/v1.

        `scope`: one of these is needed; `()` lets anybody in. `errors`: the codes that it may
        answer with, beside those that every endpoint may. `namespaced`: it keeps to the caller's
        namespaces. `status`: of a good answer, 200 unless said (204 without an answer); `also`:
        further ones. `media`: the type of a `Stream` or `Ranged`. `body_media`, `max_body_bytes`:
        of an `Incoming`; None bounds it by nothing, then the function does.

        Raises:
            TypeError: the signature does not fit the path, or an error is not in the table.
        """

        def declare(function: F) -> F:
            if unknown := [code for code in errors if code not in table()]:
                raise TypeError(f"{function.__name__}: errors {unknown} are not in the table")
            hints = typing.get_type_hints(function, include_extras=True)
            names = re.findall(r"{(\w+)}", path)
            answer = hints.pop("return")
            body_kind, body_type = _body(hints.pop("body", None))
            given = set(hints) - {"call", "query"}
            if given != set(names) or "call" not in hints:
                raise TypeError(f"{function.__name__} takes {sorted(hints)} but {path} has {names}")
            self.endpoints.append(
                Endpoint(
                    resource=self.name,
                    method=method,
                    path=path,
                    scopes=(scope,) if isinstance(scope, Scope) else scope,
                    namespaced=namespaced,
                    function=function,
                    path_types={name: hints[name] for name in names},
                    query_type=hints.get("query"),
                    body_kind=body_kind,
                    body_type=body_type,
                    body_media=_body_media(body_kind, body_media),
                    also_media=also_media,
                    max_body_bytes=max_body_bytes,
                    answer_type=_answer(answer),
                    answer_media=_answer_media(answer, media),
                    status=status or (204 if answer is type(None) else 200),
                    also=also or {},
                    answer_headers=answer_headers or {},
                    errors=errors,
                )
            )
            return function

        return declare


def _body(hint: Any) -> tuple[BodyKind, Any]:
    if hint is None:
        return BodyKind.NONE, None
    if hint is Incoming:
        return BodyKind.BYTES, None
    if typing.get_origin(hint) is Lines:
        return BodyKind.LINES, typing.get_args(hint)[0]
    return BodyKind.JSON, hint


def _body_media(kind: BodyKind, given: str) -> str:
    return {BodyKind.JSON: _JSON, BodyKind.LINES: NDJSON}.get(kind, given)


def _answer(hint: Any) -> Any:
    """The struct that is answered; None for bytes and for nothing."""
    if hint in (type(None), Stream, Ranged):
        return None
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Rows else hint


def _answer_media(hint: Any, given: str) -> str:
    if hint is type(None):
        return ""
    if hint in (Stream, Ranged):
        return given
    return NDJSON if typing.get_origin(hint) is Rows else _JSON
