"""The OpenAPI 3.1 document, made from the declarations that serve the requests."""

import typing
from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from appliance.contract.errors import table
from console.access.scopes import Scope
from console.api.rest.declaration import BodyKind, Endpoint, Resource
from console.api.rest.failures import EVERYWHERE, OF_BODIES, Failure, status_of

_REF = "#/components/schemas/{name}"
Json = dict[str, Any]


def describe(
    resources: Sequence[Resource], *, title: str, version: str, prefix: str, about: str
) -> Json:
    """The document. Paths are below `prefix`, which is its server."""
    endpoints = [endpoint for resource in resources for endpoint in resource.endpoints]
    schemas = _Schemas(endpoints)
    paths: dict[str, Json] = defaultdict(dict)
    for endpoint in endpoints:
        paths[endpoint.path][endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": about,
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": prefix}],
        "tags": [{"name": one.name, "description": one.title} for one in resources],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas.components,
            "responses": dict(sorted(schemas.failures.items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token with one of the scopes that the operation names: "
                    + ", ".join(Scope),
                }
            },
        },
    }


class _Schemas:
    """The JSON Schemas of all types that endpoints take and give."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        kinds: dict[Any, None] = {Failure: None}
        for one in endpoints:
            wanted = [one.body_type, one.answer_type, *one.path_types.values()]
            if one.query_type is not None:
                hints = typing.get_type_hints(one.query_type, include_extras=True)
                wanted += [hints[field.name] for field in msgspec.structs.fields(one.query_type)]
            kinds |= dict.fromkeys(kind for kind in wanted if kind is not None)
        found, components = msgspec.json.schema_components(list(kinds), ref_template=_REF)
        self.failures: dict[str, Json] = {}
        self._of = dict(zip(kinds, found, strict=True))
        self.components = dict(sorted(components.items()))

    def of(self, kind: Any) -> Json:
        return dict(self._of[kind])

    def failure(self, status: int, codes: Sequence[int]) -> Json:
        """A reference to the answer with one of these failures; many endpoints share it."""
        name = "-".join(map(str, (status, *codes)))
        self.failures[name] = {
            "description": "; ".join(f"{code} {table()[code].title}" for code in codes),
            "content": {"application/json": {"schema": self.of(Failure)}},
        }
        return {"$ref": f"#/components/responses/{name}"}


def _operation(endpoint: Endpoint, schemas: _Schemas) -> Json:
    summary, _, rest = endpoint.documentation.partition("\n")
    scopes = " or ".join(f"`{scope}`" for scope in endpoint.scopes)
    operation: Json = {
        "operationId": endpoint.name,
        "tags": [endpoint.resource],
        "summary": summary.rstrip("."),
        "description": "\n\n".join(
            part
            for part in (
                rest.strip(),
                f"Scope: {scopes}." if scopes else "Needs no token.",
                "" if endpoint.namespaced or not scopes else "Closed to tokens with namespaces.",
            )
            if part
        ),
        "security": [{"token": []}] if endpoint.scopes else [],
        "responses": _responses(endpoint, schemas),
    }
    if parameters := _parameters(endpoint, schemas):
        operation["parameters"] = parameters
    if endpoint.body_kind is not BodyKind.NONE:
        operation["requestBody"] = _request_body(endpoint, schemas)
    return operation


def _parameters(endpoint: Endpoint, schemas: _Schemas) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
        for name, kind in endpoint.path_types.items()
    ]
    if endpoint.query_type is None:
        return found
    hints = typing.get_type_hints(endpoint.query_type, include_extras=True)
    for field in msgspec.structs.fields(endpoint.query_type):
        schema = _asked(schemas.of(hints[field.name]))
        parameter: Json = {"name": field.encode_name, "in": "query", "required": field.required}
        if "description" in schema:
            parameter["description"] = schema.pop("description")
        if field.default not in (msgspec.NODEFAULT, None):
            schema["default"] = msgspec.to_builtins(field.default)
        found.append(parameter | {"schema": schema})
    return found


def _asked(schema: Json) -> Json:
    """A parameter's schema: an absent one is left out of the URL, there is no way to say null."""
    if "anyOf" not in schema:
        return schema
    kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _request_body(endpoint: Endpoint, schemas: _Schemas) -> Json:
    if endpoint.body_kind is BodyKind.BYTES:
        return {"required": True, "content": {endpoint.body_media: {}}}
    schema = schemas.of(endpoint.body_type)
    if endpoint.body_kind is BodyKind.LINES:
        # A line is one object; OpenAPI 3.1 has no word for a sequence of them.
        about = "One object of this form a line: " + schema.get("$ref", "").rpartition("/")[2]
        return {"required": True, "description": about, "content": {endpoint.body_media: {}}}
    optional = _fits_nothing(endpoint.body_type)
    return {"required": not optional, "content": {endpoint.body_media: {"schema": schema}}}


def _fits_nothing(kind: Any) -> bool:
    """Whether an absent body would do."""
    try:
        msgspec.json.decode(b"{}", type=kind)
    except msgspec.ValidationError:
        return False
    return True


def _responses(endpoint: Endpoint, schemas: _Schemas) -> Json:
    found: Json = {}
    for status, about in {endpoint.status: "", **endpoint.also}.items():
        found[str(status)] = _good(endpoint, schemas, status, about)
    codes: dict[int, list[int]] = defaultdict(list)
    for code in _errors(endpoint):
        codes[status_of(code)].append(code)
    for status, these in sorted(codes.items()):
        found[str(status)] = schemas.failure(status, sorted(these))
    return found


def _good(endpoint: Endpoint, schemas: _Schemas, status: int, about: str) -> Json:
    answer: Json = {"description": about or HTTPStatus(status).phrase}
    if endpoint.answer_media and status not in (204, 304) and endpoint.method != "HEAD":
        lines_or_bytes = endpoint.answer_type is None or "ndjson" in endpoint.answer_media
        content: Json = {} if lines_or_bytes else {"schema": schemas.of(endpoint.answer_type)}
        answer["content"] = {endpoint.answer_media: content}
    if endpoint.answer_headers:
        answer["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in endpoint.answer_headers.items()
        }
    return answer


def _errors(endpoint: Endpoint) -> set[int]:
    admission = (4070, 4071, 4072, 4073, 4074) + (() if endpoint.namespaced else (4075,))
    found = {code for code in EVERYWHERE if endpoint.scopes or code not in (*admission, 4075)}
    if endpoint.body_kind is not BodyKind.NONE:
        found |= set(OF_BODIES)
    if endpoint.path_types:
        found.add(5426)
    return found | set(endpoint.errors)
